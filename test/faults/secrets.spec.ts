import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { codeAt } from '../support/authenticator.ts';
import { Caller, type Json } from '../support/caller.ts';
import { until } from '../support/product.ts';
import { Product } from './product.ts';

const [keys, invitations, people] = [1_600, 180, 8];

/** Which of the words stand in the text; by their beginnings, so that many words cost one pass. */
const foundIn = (text: string, words: readonly string[]): string[] => {
  const length = Math.min(...words.map((word) => word.length));
  const byBeginning = Map.groupBy(words, (word) => word.slice(0, length));
  const found = new Set<string>();
  for (let at = 0; at + length <= text.length; at++)
    for (const word of byBeginning.get(text.slice(at, at + length)) ?? [])
      if (text.startsWith(word, at)) found.add(word);
  return [...found];
};

describe('secrets', () => {
  let folder: string;
  let product: Product;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'orgledger-secrets-'));
    product = await Product.start(folder, {
      LOG_LEVEL: 'trace',
      ORGLEDGER_RATE_LIMITS: 'off',
      ORGLEDGER_PENDING_INVITATIONS: '1000',
      NODE_OPTIONS: `--report-on-signal --report-uncaught-exception --report-directory=${folder}`,
    });
  });
  afterEach(async () => {
    await product.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('P9 P14: of 2,000 tokens, passwords and codes that were given out none stands in the logs, the stores or a crash report', async () => {
    const nobody = new Caller({ url: product.url });
    const issued = new Set<string>();
    const tokenOf = ({ links }: Json): string => new URL(links[0]).searchParams.get('token') ?? '';
    const mails = (kind: string, count: number, to?: string): Promise<Json[]> =>
      until(
        async () =>
          (await nobody.get(`/sandbox/mail?kind=${kind}${to ? `&to=${encodeURIComponent(to)}` : ''}`)).items,
        (items) => items.length >= Math.min(count, 100),
      );
    const signUp = async (name: string) => {
      const [email, password] = [`${name}@corporate.example`, `a long quiet river, ${issued.size} miles`];
      issued.add(password);
      const ids = await nobody.post('/v1/sign-ups', {
        email,
        password,
        givenName: 'Anna',
        familyName: 'Berg',
      });
      const [mail] = await mails('email_verification', 1, email);
      issued.add(tokenOf(mail));
      await nobody.post('/v1/email-verifications/complete', { token: tokenOf(mail) });
      const { token } = await nobody.post('/v1/sessions', { email, password });
      issued.add(token);
      return { email, password, call: nobody.as(token), home: `/v1/organizations/${ids.organizationId}` };
    };
    const signedUp = [];
    for (let count = 0; count < people; count++) signedUp.push(await signUp(`person-${count}`));
    const [anna] = signedUp;
    if (!anna) throw new Error('nobody signed up');

    for (let count = 0; count < keys; count += 50)
      for (const { secret } of await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          anna.call
            .key(`key-${count + index}`)
            .post(`${anna.home}/api-keys`, { name: `Key ${count + index}`, role: 'auditor' }),
        ),
      ))
        issued.add(secret);
    await nobody.as([...issued].at(-1) ?? '').get(anna.home);

    for (const { call, email, password } of signedUp) {
      const { secret } = await call.post('/v1/me/two-factor', { method: 'totp' });
      const { recoveryCodes } = await call.post('/v1/me/two-factor/confirm', {
        code: codeAt(secret, Date.now()),
      });
      const renewed = await call.post('/v1/me/two-factor/recovery-codes', { currentPassword: password });
      for (const code of [secret, ...recoveryCodes, ...renewed.recoveryCodes]) issued.add(code);
      const { twoFactor } = await nobody.post('/v1/sessions', { email, password });
      const challenge = { challengeId: twoFactor.challengeId, code: renewed.recoveryCodes[0] };
      issued.add(twoFactor.challengeId);
      issued.add((await nobody.post('/v1/sessions/two-factor', challenge)).token);
      await nobody.expecting([202], 'POST', '/v1/password-resets', { email });
      const [mail] = await mails('password_reset', 1, email);
      issued.add(tokenOf(mail));
      await nobody.post('/v1/password-resets/complete', {
        token: tokenOf(mail),
        newPassword: `${password} anew`,
      });
      issued.add(`${password} anew`);
    }

    const owner = await signUp('owner');
    const { domainId, dnsRecord } = await owner.call.post(`${owner.home}/domains`, {
      domain: 'corporate.example',
      method: 'dns_txt',
    });
    await nobody.put(`/sandbox/dns/${dnsRecord.host}/TXT`, { values: [dnsRecord.value] });
    await owner.call.post(`${owner.home}/domains/${domainId}/verify`);
    for (let count = 0; count < invitations; count++)
      await owner.call.post(`${owner.home}/invitations`, {
        email: `invited-${count}@corporate.example`,
        role: 'standard_user',
      });
    for (let count = 0; count < invitations; count++) {
      const [mail] = await mails('invitation', 1, `invited-${count}@corporate.example`);
      issued.add(tokenOf(mail));
    }
    // Refused ones must not be told either.
    for (const token of [...issued].slice(0, 20))
      await nobody.as(token.replaceAll(' ', '')).send('GET', `/v1/me?token=${encodeURIComponent(token)}`);

    expect(issued.size).toBeGreaterThanOrEqual(2_000);
    product.child.kill('SIGUSR2');
    const isReport = (name: string): boolean => /^report\..*\.json$/.test(name);
    const [report] = await until(
      async () => readdirSync(folder).filter(isReport),
      (reports) => reports.length > 0,
    );
    await product.stop();
    const words = [...issued];
    const dumped = readFileSync(join(folder, report), 'utf8');
    expect(JSON.parse(dumped).header.trigger).toBe('Signal');
    expect(foundIn(dumped, words)).toEqual([]);
    const log = product.child.lines.join('\n');
    expect(log.split('"answered"').length).toBeGreaterThan(1_900);
    expect(foundIn(log, words)).toEqual([]);
    // The sandbox keeps the mail itself, as a mailbox would.
    const files = readdirSync(folder).filter((name) => !name.startsWith('sandbox.db'));
    expect(files).toEqual(expect.arrayContaining(['events.db', 'records.db', 'read-models.db', 'work.db']));
    expect(foundIn(readFileSync(join(folder, 'events.db')).toString('latin1'), ['Key 17"'])).toEqual([
      'Key 17"',
    ]);
    for (const name of files)
      expect([name, foundIn(readFileSync(join(folder, name)).toString('latin1'), words)]).toEqual([name, []]);
  }, 120_000);
});
