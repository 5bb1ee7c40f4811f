import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type RunningSmtpServer,
  type SmtpFault,
  startSmtpServer,
} from '../../../test/servers/smtp-server.ts';
import { invitationText, type Mail, MailFailure, type SmtpTransport, smtpTransport } from './index.ts';

const from = { name: 'Orgledger', address: 'no-reply@orgledger.example' };
const quick = { connectTimeout: 400, silenceTimeout: 1_500, sendTimeout: 2_000 };

let server: RunningSmtpServer;
let transport: SmtpTransport;
beforeEach(async () => {
  server = await startSmtpServer();
  transport = smtpTransport(server.url, from, quick);
});
afterEach(async () => {
  transport.close();
  await server.close();
});

const mail = (over: Partial<Mail> = {}): Mail => ({
  id: 'inv_1-2',
  kind: 'invitation',
  to: { name: 'Ada Lovelace', address: 'ada@example.com' },
  ...invitationText({
    inviterName: 'Bob',
    organizationName: 'Engines',
    role: 'administrator',
    expiresAt: '2026-01-08T12:30:00.000Z',
    link: 'https://admin.example.com/invitations/accept?token=abc',
  }),
  ...over,
});
const failure = async (sending: Promise<void>): Promise<MailFailure> => {
  const error = await sending.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(MailFailure);
  return error as MailFailure;
};

describe('mail over SMTP', () => {
  it('arrives with envelope, headers, both bodies and links as they were', async () => {
    await transport.send(mail());
    const [message] = server.messages;
    expect(message).toMatchObject({
      envelope: { from: from.address, to: ['ada@example.com'] },
      messageId: '<inv_1-2@orgledger.example>',
      to: 'ada@example.com',
      subject: 'Bob invites you to Engines',
      links: ['https://admin.example.com/invitations/accept?token=abc'],
    });
    expect(message?.text).toContain('Accepting makes you a member of Engines as Administrator.');
    expect(message?.html).toContain('<h1');
    expect(message?.headers.get('auto-submitted')).toBe('auto-generated');
  });

  it('P8: has the same Message-ID at every delivery', async () => {
    await transport.send(mail());
    await transport.send(mail());
    expect(server.messages.map(({ messageId }) => messageId)).toEqual(
      Array(2).fill('<inv_1-2@orgledger.example>'),
    );
  });

  it.each<[SmtpFault, string, number | undefined]>([
    ['rcpt_5xx', 'permanent', 550],
    ['rcpt_4xx', 'temporary', 450],
    ['data_4xx', 'temporary', 451],
    ['cut_after_data', 'temporary', undefined],
    ['drop_mid_data', 'temporary', undefined],
    ['stall', 'temporary', undefined],
    ['refuse_connection', 'temporary', undefined],
    ['bad_greeting', 'unreachable', undefined],
  ])('%s is %s; the next mail goes through', async (fault, kind, code) => {
    server.faults.plan(fault);
    const failed = await failure(transport.send(mail()));
    expect(failed.kind).toBe(kind);
    if (code) expect(failed.replyCode).toBe(code);
    expect(server.faults.injected[fault]).toBe(1);
    const before = server.messages.length;
    await transport.send(mail());
    expect(server.messages).toHaveLength(before + 1);
  });

  it('a port where nobody listens is unreachable', async () => {
    const nobody = smtpTransport('smtp://127.0.0.1:1', from, quick);
    try {
      expect((await failure(nobody.send(mail()))).kind).toBe('unreachable');
    } finally {
      nobody.close();
    }
  });

  it('a server that says nothing is given up', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as { port: number };
    const waiting = smtpTransport(`smtp://127.0.0.1:${port}`, from, { connectTimeout: 300 });
    try {
      expect((await failure(waiting.send(mail()))).kind).toBe('unreachable');
    } finally {
      waiting.close();
      silent.close();
    }
  });

  it('P8: new lines in names and subjects make no header and no recipient', async () => {
    const nasty = 'x\r\nBcc: eve@evil.example\r\n\r\nbody';
    await transport.send(mail({ subject: nasty, to: { name: nasty, address: 'ada@example.com' } }));
    const [message] = server.messages;
    expect(message?.envelope.to).toEqual(['ada@example.com']);
    expect(message?.raw).not.toMatch(/^Bcc:/im);
  });

  it('refuses an id that is no Message-ID before it speaks to anybody', async () => {
    await expect(transport.send(mail({ id: 'a b>' }))).rejects.toThrow(TypeError);
    expect(server.messages).toEqual([]);
  });
});
