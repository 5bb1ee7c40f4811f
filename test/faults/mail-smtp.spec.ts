import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { systemClock } from '#clock';
import { parseEmailAddress } from '#dns-proof';
import { isPlainAddress, type Mail, MailFailure, Outbox, outboxIndexes, smtpTransport } from '#mail';
import { openEmbeddedDocuments } from '#read-models';
import { type SmtpFault, type SmtpMoment, smtpFaults, startSmtpServer } from '../servers/smtp-server.ts';

const mails = 400;
const kills = 30;
const momentsPerKill = 22;
const process_ = join(import.meta.dirname, 'mail-sender-process.ts');

/** The same numbers in every run (mulberry32). */
const sequence = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
};

const addressOf = (index: number): string => `person${index}@mail${index % 7}.example`;
const hopeless = (index: number): boolean => index % 40 === 13;

const shares: Readonly<Record<SmtpMoment['stage'], readonly (readonly [SmtpFault, number])[]>> = {
  connection: [
    ['refuse_connection', 0.08],
    ['bad_greeting', 0.08],
  ],
  recipient: [
    ['rcpt_4xx', 0.1],
    ['stall', 0.03],
  ],
  message: [
    ['data_4xx', 0.08],
    ['cut_after_data', 0.05],
    ['drop_mid_data', 0.05],
  ],
};

describe('P8: mails under faults', () => {
  it(`${mails} mails, eight kinds of fault, ${kills} kills: none lost, none to others, few twice`, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'orgledger-mail-'));
    const path = join(folder, 'outbox.db');
    const random = sequence(8);
    const suffered = new Map<string, number>();
    let moments = 0;
    let killed = 0;
    let child: ChildProcess | undefined;

    const fault = ({ stage, recipient }: SmtpMoment): SmtpFault | undefined => {
      if (++moments >= (killed + 1) * momentsPerKill && killed < kills && child?.kill('SIGKILL')) {
        killed++;
        child = undefined;
      }
      const index = Number(/^person(\d+)@/.exec(recipient)?.[1] ?? -1);
      if (stage === 'recipient' && hopeless(index)) return 'rcpt_5xx';
      // Nobody meets five temporary faults: a mail given up would be told, but it would not arrive.
      const before = suffered.get(recipient) ?? 0;
      if (stage !== 'connection' && before >= 3) return undefined;
      let point = random();
      for (const [kind, share] of shares[stage]) {
        point -= share;
        if (point >= 0) continue;
        suffered.set(recipient, before + 1);
        return kind;
      }
      return undefined;
    };
    const server = await startSmtpServer({ fault });

    try {
      const seeded = openEmbeddedDocuments(path, { durable: false, kind: 'mail' });
      await seeded.ensureIndexes('outbox', outboxIndexes);
      await new Outbox(seeded, systemClock).enqueue(
        Array.from({ length: mails }, (_, index) => ({
          _id: `mail-${index}`,
          kind: 'invitation',
          event: { stream: `invitation-inv_${index}`, revision: 0, id: `e${index}` },
          // A test may: the product puts references here, never addresses.
          references: { address: addressOf(index) },
        })),
      );
      await seeded.close();

      for (;;) {
        const running = spawn(
          process.execPath,
          [
            '--conditions=orgledger-source',
            '--disable-warning=ExperimentalWarning',
            process_,
            path,
            server.url,
          ],
          { stdio: ['ignore', 'ignore', 'pipe'] },
        );
        child = running;
        let complaint = '';
        running.stderr.on('data', (chunk) => {
          complaint += chunk;
        });
        const [code, signal] = await once(running, 'close');
        if (signal === 'SIGKILL') continue;
        if (code !== 0) throw new Error(`the sender ended with ${code}: ${complaint}`);
        break;
      }

      const store = openEmbeddedDocuments(path, { durable: false, kind: 'mail' });
      const told = await store.collection<{ _id: string; result: string }>('results').find({}).toArray();
      const left = await new Outbox(store, systemClock).size();
      await store.close();

      const indexOf = (messageId: string) => Number(/^<mail-(\d+)@/.exec(messageId)?.[1]);
      const misrouted = server.messages.filter(
        ({ envelope, messageId, links }) =>
          envelope.to.length !== 1 ||
          envelope.to[0] !== addressOf(indexOf(messageId)) ||
          links[0] !== `https://admin.example.com/invitations/accept?token=mail-${indexOf(messageId)}`,
      );
      const arrived = new Set(server.messages.map(({ messageId }) => indexOf(messageId)));
      const all = Array.from({ length: mails }, (_, index) => index);
      const { injected } = server.faults;

      expect(killed).toBe(kills);
      expect(smtpFaults.filter((kind) => injected[kind] < 3)).toEqual([]);
      expect(injected.rcpt_5xx).toBeGreaterThanOrEqual(all.filter(hopeless).length);
      expect(left).toBe(0);
      expect(misrouted).toEqual([]);
      expect(all.filter((index) => !hopeless(index) && !arrived.has(index))).toEqual([]);
      expect(Object.fromEntries(told.map(({ _id, result }) => [_id, result]))).toEqual(
        Object.fromEntries(all.map((index) => [`mail-${index}`, hopeless(index) ? 'bounced' : 'accepted'])),
      );
      expect(server.messages.length - arrived.size).toBeLessThanOrEqual(injected.cut_after_data + kills);
    } finally {
      child?.kill('SIGKILL');
      await server.close();
      await rm(folder, { recursive: true, force: true });
    }
  }, 120_000);

  it('224 hostile addresses: refused, or delivered to exactly the one they name', async () => {
    const server = await startSmtpServer();
    const transport = smtpTransport(server.url, { name: 'Orgledger', address: 'no-reply@orgledger.example' });
    const list = hostileAddresses();
    expect(list.length).toBeGreaterThanOrEqual(224);
    const wrong: string[] = [];
    let refused = 0;
    let delivered = 0;
    try {
      for (const [index, address] of list.entries()) {
        const before = server.messages.length;
        const error = await transport.send(mailTo(address, index)).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        const came = server.messages.slice(before);
        const named =
          came.length === 1 && came[0]?.envelope.to.length === 1 && came[0].envelope.to[0] === address;
        if (error instanceof MailFailure && error.kind === 'permanent' && came.length === 0) refused++;
        else if (!error && named && !/evil/.test(address.slice(address.lastIndexOf('@')))) delivered++;
        else wrong.push(address);
      }
    } finally {
      transport.close();
      await server.close();
    }
    expect(wrong).toEqual([]);
    expect(refused + delivered).toBe(list.length);
    expect(refused).toBeGreaterThan(200);
    expect(delivered).toBeGreaterThan(0);
  }, 60_000);

  it('whoever may sign up can be written to', () => {
    const addresses = [
      ...hostileAddresses(),
      'ada@example.com',
      'Ada+tag@Bücher.example',
      "o'hara@example.co.uk",
    ];
    const parsed = addresses.map(parseEmailAddress).filter((address) => address !== undefined);
    expect(parsed.length).toBeGreaterThan(2);
    expect(parsed.filter(({ address }) => !isPlainAddress(address))).toEqual([]);
  });
});

const mailTo = (address: string, index: number): Mail => ({
  id: `hostile-${index}`,
  kind: 'invitation',
  to: { name: 'A, B <eve@evil.example>', address },
  subject: 'Hello',
  text: 'Hello',
  html: '<p>Hello</p>',
  links: [],
});

/** Texts that some program somewhere read as another or a second recipient. */
const hostileAddresses = (): string[] => {
  const good = 'ada@good.example';
  const evil = 'eve@evil.example';
  const between = [
    ',',
    ';',
    ', ',
    '; ',
    ' ',
    '\t',
    '\r\n',
    '\n',
    '\r',
    '\0',
    '\u2028',
    '%0d%0a',
    '|',
    '&',
    ':',
    '>,<',
  ];
  const pairs = between.flatMap((sign) => [good + sign + evil, evil + sign + good]);
  const single = [
    `"${evil}"@good.example`,
    `"a b"@good.example`,
    `"ada@evil.example> x"@good.example`,
    `"ada\\"@evil.example"@good.example`,
    `""@good.example`,
    `ada(${evil})@good.example`,
    `ada@(${evil})good.example`,
    `ada@good.example(${evil})`,
    `ada@good.example (evil)`,
    `@evil.example:${good}`,
    `@evil.example,@other.example:${good}`,
    `<@evil.example:${good}>`,
    `friends:${good},${evil};`,
    `undisclosed-recipients:;`,
    `ada@good.example@evil.example`,
    `ada@evil.example@good.example`,
    `ada%evil.example@good.example`,
    `evil.example!ada@good.example`,
    `ada@[127.0.0.1]`,
    `ada@[IPv6:::1]`,
    `ada@127.0.0.1`,
    `ada@2130706433`,
    `ada@localhost`,
    `ada@good`,
    `ada@good.example.`,
    `ada@.good.example`,
    `ada@good..example`,
    `ada@-good.example`,
    `ada@good-.example`,
    `ada@good_x.example`,
    `ada@gооd.example`,
    `аda@good.example`,
    `ada@xn--.example`,
    `ada@good.example\u200b`,
    `\u202eada@good.example`,
    `ada@good。example`,
    `ada＠evil.example`,
    `ada@good.example＠evil.example`,
    `ada\u0040${evil}`,
    `ada@good.example/evil`,
    `ada@good.example?cc=${evil}`,
    `mailto:${good}`,
    `mailto:${good}?bcc=${evil}`,
    `=?utf-8?q?ada=40evil.example=3e=00?=foo@good.example`,
    `=?x?q?=41=42=43collab=40evil.example=3e=20?=@good.example`,
    `${good}\r\nRCPT TO:<${evil}>`,
    `${good}>\r\nRCPT TO:<${evil}`,
    `${good}\r\nBcc: ${evil}`,
    `${good}> NOTIFY=SUCCESS ORCPT=rfc822;${evil}`,
    `${good} ORCPT=rfc822;${evil}`,
    `.ada@good.example`,
    `ada.@good.example`,
    `a..da@good.example`,
    `${'a'.repeat(65)}@good.example`,
    `ada@${'g'.repeat(64)}.example`,
    `ada@${'good.'.repeat(60)}example`,
    `@good.example`,
    `ada@`,
    `ada`,
    ``,
    ` `,
    `|/bin/sh@good.example`,
    `/dev/null`,
    `../../ada@good.example`,
    `-oQ/tmp/x@good.example`,
    `$(id)@good.example`,
    `\`id\`@good.example`,
    `ada@good.example\\`,
    `ada\\@evil.example@good.example`,
    `ada@good.example#${evil}`,
    `ada+${evil}@good.example`,
    `ada+eve=evil.example@good.example`,
  ];
  const wrapped = [...pairs, ...single].flatMap((text) => [text, `<${text}>`, `"Ada" <${text}>`]);
  return [...new Set(wrapped)];
};
