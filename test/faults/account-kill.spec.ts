import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type Administrator,
  administrator,
  type Caller,
  eventually,
  type Json,
  mailedToken,
  Product,
} from './product.ts';

const LONG = process.env.ORGLEDGER_LONG === '1';
/** A command is killed after its first commit, its second, and so on until it is through. */
const KILL_POINTS = LONG ? 12 : 1;
const KILLER = new URL('./commit-killer.mjs', import.meta.url);
const SETTINGS = { ORGLEDGER_RATE_LIMITS: 'off' };
const password = 'what a nice day 77';

let folder: string;
let product: Product;
let owner: Administrator;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'orgledger-account-kill-'));
  product = await Product.start(folder, SETTINGS);
  owner = await administrator(product);
}, 60_000);

afterAll(async () => {
  await product?.kill();
  rmSync(folder, { recursive: true, force: true });
});

const me = (): Caller => product.as(owner.token);
const made = async (path: string, body: object): Promise<Json> => {
  const answer = await me().post(path, body);
  if (answer.status >= 300) throw new Error(`${answer.status}: ${answer.text}`);
  return answer.body;
};
const organization = () => `/v1/organizations/${owner.organizationId}`;
const newAccount = async (name: string): Promise<string> =>
  (await made(`${organization()}/accounts`, { name })).accountId;

/** Every mail has been sent and reported, so that the next commit is that of the command. */
const quiet = (invitations: string): Promise<Json> =>
  eventually(
    () => me().all(invitations),
    (items) => items.every(({ delivery }: Json) => delivery !== 'queued'),
  );

/** @returns true when the command was through before its commit came */
const killedAfter = async (commits: number, command: () => Promise<unknown>): Promise<boolean> => {
  expect(await product.stop()).toBe(0);
  product = await Product.start(folder, { ...SETTINGS, KILL_AFTER_COMMITS: String(commits) }, KILLER);
  product.child.kill('SIGUSR2');
  await me().get('/v1/me');
  const answered = await command().then(
    () => true,
    () => false,
  );
  await product.kill();
  product = await Product.start(folder, SETTINGS);
  return answered;
};

/** What the follower makes of it by itself, without anybody asking again. */
const finished = async (ask: () => Promise<Json>, wanted: Json): Promise<void> => {
  const answer = await eventually(ask, (seen) => JSON.stringify(seen) === JSON.stringify(wanted));
  expect(answer).toEqual(wanted);
};

describe('killed at every step', () => {
  it(
    'ACC-07, INV-13: an acceptance that names two accounts is finished by the follower: nothing half-done, nothing twice',
    async () => {
      const accounts = [await newAccount('One'), await newAccount('Two')];
      for (let commits = 1; commits <= KILL_POINTS; commits += 1) {
        const email = `p${commits}@${owner.domain}`;
        const { userId } = await made(`${organization()}/invitations`, {
          email,
          role: 'standard_user',
          accounts: accounts.map((accountId) => ({ accountId, roles: ['developer'] })),
        });
        const token = await mailedToken(product, email);
        const body = { token, password, givenName: 'Bob', familyName: 'Ray' };
        await quiet(`${organization()}/invitations`);
        const through = await killedAfter(commits, () => product.as().post('/v1/invitations/accept', body));
        await finished(
          async () => [
            (await me().get(`${organization()}/users/${userId}`)).body?.kind,
            (await me().get(`${organization()}/users/${userId}/accounts`)).body?.items?.length,
          ],
          ['managed', 2],
        );
        expect((await product.as().post('/v1/sessions', { email, password })).status).toBe(201);
        const history = await me().all(`${organization()}/audit-events?userId=${userId}`);
        const times = (type: string) => history.filter((event) => event.type === type).length;
        expect(['InviteAccepted', 'UserJoinedOrg', 'AccountAccessGranted'].map(times)).toEqual([1, 1, 2]);
        if (through) break;
      }
      expect((await product.operator.get('/v1/operations/parked')).body.items).toEqual([]);
    },
    KILL_POINTS * 20_000,
  );

  it(
    'ACC-02, ACC-10: a transfer and a closure are finished by the follower: one Owner, closed',
    async () => {
      const email = `next@${owner.domain}`;
      await made(`${organization()}/invitations`, { email, role: 'standard_user' });
      const token = await mailedToken(product, email);
      const body = { token, password, givenName: 'Bob', familyName: 'Ray' };
      const { userId } = (await product.as().post('/v1/invitations/accept', body)).body;
      await quiet(`${organization()}/invitations`);
      const acknowledgements = ['account_closed', 'invitations_cancelled', 'not_reversible'];
      for (let commits = 1; commits <= KILL_POINTS; commits += 1) {
        const accountId = await newAccount(`Closing ${commits}`);
        const account = `/v1/accounts/${accountId}`;
        const invited = await made(`${account}/invitations`, {
          email: `guest${commits}@outside.example`,
          roles: ['support'],
        });
        await quiet(`${account}/invitations`);
        await killedAfter(1, () => me().post(`${account}/transfer-ownership`, { newOwnerId: userId }));
        await finished(
          async () => (await me().all(`${account}/users`)).map((user) => [user.userId, user.roles]).sort(),
          [
            [owner.userId, ['administrator']],
            [userId, ['owner']],
          ].sort(),
        );
        const through = await killedAfter(commits, () => me().post(`${account}/close`, { acknowledgements }));
        await finished(
          async () => [
            (await me().get(account)).body?.status,
            (await me().get(`${account}/invitations/${invited.invitationId}`)).body?.status,
          ],
          ['closed', 'cancelled'],
        );
        if (through) break;
      }
    },
    KILL_POINTS * 30_000,
  );
});
