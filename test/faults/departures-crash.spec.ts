import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { type Serving, serve } from '#application';
import type { EventStore } from '#event-store';
import { PolicyRunner } from '#policies';
import { LogHead } from '#queries';
import { readSettings } from '#settings';
import { deletion, removal } from '../support/acknowledgements.ts';
import { Caller, type Json } from '../support/caller.ts';
import { until } from '../support/product.ts';

const LONG = process.env.ORGLEDGER_LONG === '1';
jest.setTimeout(LONG ? 600_000 : 120_000);

const password = 'a long quiet river 9';

let serving: Serving | undefined;
let folders: string[] = [];

const started = async (folder: string) => {
  const settings = readSettings({
    PORT: '0',
    ORGLEDGER_DATA_DIR: folder,
    ORGLEDGER_RATE_LIMITS: 'off',
    LOG_LEVEL: 'silent',
  });
  serving = await serve(settings, 'test');
  return new Caller({ url: serving.url });
};

const stopped = async () => {
  await serving?.stop();
  serving = undefined;
};

afterEach(async () => {
  await stopped();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  folders = [];
});

const fresh = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'orgledger-crash-'));
  folders.push(folder);
  return folder;
};

/** The log of one folder up to a position, beside everything that another folder knew before the command. */
const crashedAt = (before: string, after: string, position: number): string => {
  const folder = fresh();
  cpSync(before, folder, { recursive: true });
  for (const suffix of ['', '-wal', '-shm']) rmSync(join(folder, `events.db${suffix}`), { force: true });
  cpSync(join(after, 'events.db'), join(folder, 'events.db'));
  const database = new DatabaseSync(join(folder, 'events.db'));
  database.prepare('DELETE FROM events WHERE pos > ?').run(position);
  database.close();
  return folder;
};

const tokenFor = async (nobody: Caller, to: string, nth = 1, kind = ''): Promise<string> => {
  const { items } = await until(
    () => nobody.get(`/sandbox/mail?to=${encodeURIComponent(to)}${kind}`),
    ({ items: mails }) => mails.length >= nth,
  );
  return new URL(items[0].links[0]).searchParams.get('token') ?? '';
};

/** An organization with an Owner, a person with two accounts, and one who left and is invited again to both. */
const scene = async (nobody: Caller) => {
  const domain = 'corporate.example';
  const email = `anna@${domain}`;
  const names = { givenName: 'Anna', familyName: 'Berg' };
  const anna = await nobody.post('/v1/sign-ups', { email, password, ...names });
  await nobody.post('/v1/email-verifications/complete', { token: await tokenFor(nobody, email) });
  const owner = nobody.as((await nobody.post('/v1/sessions', { email, password })).token);
  const organization = `/v1/organizations/${anna.organizationId}`;
  const added = await owner.post(`${organization}/domains`, { domain, method: 'dns_txt' });
  await nobody.expecting([200, 204], 'PUT', `/sandbox/dns/${added.dnsRecord.host}/TXT`, {
    values: [added.dnsRecord.value],
  });
  await owner.post(`${organization}/domains/${added.domainId}/verify`);
  const joined = async (name: string): Promise<string> => {
    await owner.post(`${organization}/invitations`, { email: `${name}@${domain}`, role: 'administrator' });
    const accepted = await nobody.post('/v1/invitations/accept', {
      token: await tokenFor(nobody, `${name}@${domain}`),
      password,
      givenName: name,
      familyName: 'Quillfeather',
    });
    return accepted.userId;
  };
  const bobId = await joined('bob');
  const carolId = await joined('carol');
  const accounts: string[] = [];
  for (const name of ['One', 'Two'])
    accounts.push((await owner.post(`${organization}/accounts`, { name, ownerId: bobId })).accountId);
  await owner.post(`${organization}/users/${carolId}/remove`, { acknowledgements: removal });
  await owner.post(`${organization}/invitations`, {
    email: `carol@${domain}`,
    role: 'standard_user',
    accounts: accounts.map((accountId) => ({ accountId, roles: ['developer'] })),
  });
  const link = await tokenFor(nobody, `carol@${domain}`, 2, '&kind=invitation');
  return { organization, annaId: anna.userId, bobId, accounts, link };
};

type Scene = Awaited<ReturnType<typeof scene>>;

interface Asked {
  readonly path: string;
  readonly body: object;
  readonly by?: string;
}

const commands: Readonly<Record<string, (of: Scene) => Asked>> = {
  remove: ({ organization, annaId, bobId, accounts: [one, two] }) => ({
    path: `${organization}/users/${bobId}/remove`,
    body: {
      acknowledgements: removal,
      accountOwners: { [String(one)]: annaId, [String(two)]: bobId },
    },
  }),
  delete: ({ organization, annaId, bobId, accounts: [one, two] }) => ({
    path: `${organization}/users/${bobId}/delete`,
    body: {
      acknowledgements: deletion,
      accountOwners: { [String(one)]: annaId, [String(two)]: annaId },
    },
  }),
  transfer: ({ organization, bobId }) => ({
    path: `${organization}/transfer-ownership`,
    body: { newOwnerId: bobId, previousOwnerRole: 'administrator' },
  }),
  accept: ({ link }) => ({ path: '/v1/invitations/accept', body: { token: link }, by: 'carol' }),
};

const signedIn = async (nobody: Caller, name = 'anna') =>
  nobody.as((await nobody.post('/v1/sessions', { email: `${name}@corporate.example`, password })).token);

/** What everybody sees when all is done; times and the order of arrival aside. */
const outcome = async (nobody: Caller, { organization, accounts }: Scene): Promise<Json> => {
  const log = serving?.app.get(LogHead);
  const runner = serving?.app.get(PolicyRunner);
  await until(
    async () => ({ handled: runner?.position, head: await log?.head() }),
    ({ handled, head }) => handled === head,
  );
  await runner?.settle((await log?.head()) ?? 0, '');
  const owner = await signedIn(nobody);
  const position = `minPosition=${await log?.head()}`;
  const owners = await Promise.all(
    accounts.map(async (id) => {
      const { status, body } = await owner.send('GET', `/v1/accounts/${id}/users?${position}`);
      return status === 200
        ? body.items.map(({ userId, roles }: Json) => `${userId} ${roles}`).sort()
        : status;
    }),
  );
  const users = await owner.all(`${organization}/users?limit=200&${position}`);
  const events = await owner.all(`${organization}/audit-events?limit=200&${position}`);
  const quiet = events.filter(({ type }: Json) => !/^(?:Session|SignedIn)/.test(type));
  return {
    owners,
    users: users.map(({ userId, role, status, email }: Json) => ({ userId, role, status, email })),
    events: quiet.map(({ id, type }: Json) => `${type} ${id}`).sort(),
    me: (await owner.get('/v1/me')).role,
    parked: (await nobody.as(serving?.operatorToken ?? '').get('/v1/operations/parked')).items,
  };
};

describe.each(Object.keys(commands))('P1, F1: a process that dies in the middle of %s', (what) => {
  it('is finished after the restart, from whatever step it had reached: nothing half done, nothing twice', async () => {
    const before = fresh();
    const of = await scene(await started(before));
    await stopped();
    const after = fresh();
    cpSync(before, after, { recursive: true });
    const nobody = await started(after);
    const start = (await serving?.app.get(LogHead).head()) as number;
    const { path, body, by } = (commands[what] as (given: Scene) => Asked)(of);
    const receipt = await (await signedIn(nobody, by)).post(path, body);
    expect(receipt.effects).toBeUndefined();
    const whole = await outcome(nobody, of);
    const log = serving?.app.get(LogHead) as unknown as EventStore;
    const positions: { position: number; id: string }[] = [];
    for await (const batch of log.readAll({ after: start })) positions.push(...batch);
    const last = receipt.events.at(-1).id;
    const committed = positions.find(({ id }) => id === last)?.position as number;
    await stopped();
    const finished = positions.map(({ position }) => position).filter((position) => position >= committed);
    expect(finished.length).toBeGreaterThan(2);
    for (const step of LONG ? finished : finished.filter((_step, index) => index % 3 === 0)) {
      const caller = await started(crashedAt(before, after, step));
      expect(await outcome(caller, of)).toEqual(whole);
      await stopped();
    }
    // What came before the command's own event (a nomination) has changed nothing that anybody sees.
    for (const { position } of positions.filter((event) => event.position < committed)) {
      if (what !== 'transfer') continue;
      const caller = await started(crashedAt(before, after, position));
      const owner = await signedIn(caller);
      expect((await owner.get('/v1/me')).role).toBe('owner');
      expect((await owner.post(path, body)).ownerId).toBe(of.bobId);
      await stopped();
    }
  });
});
