import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { peopleOf, seedStopped } from '../bench/seeds.ts';
import { type Administrator, administrator, type Caller, type Json, Product } from './product.ts';

const LONG = process.env.ORGLEDGER_LONG === '1';
const KILLS = LONG ? 25 : 3;
const PEOPLE = LONG ? 3_000 : 300;
const DAY = 86_400_000;
const SETTINGS = { ORGLEDGER_RATE_LIMITS: 'off' };

let folder: string;
let product: Product;
let owner: Administrator;

const advance = (milliseconds: number) => product.as().post('/sandbox/clock/advance', { milliseconds });
const signedIn = async (): Promise<Caller> => {
  const email = `owner@${owner.domain}`;
  const { body } = await product.as().post('/v1/sessions', { email, password: 'a long quiet river 9' });
  return product.as(body.token);
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'orgledger-lapse-'));
  product = await Product.start(folder, SETTINGS);
  owner = await administrator(product);
  await product.stop();
  await seedStopped(folder, peopleOf(owner, PEOPLE), owner.userId);
  product = await Product.start(folder, SETTINGS);
}, 60_000);
afterAll(async () => {
  await product?.kill();
  rmSync(folder, { recursive: true, force: true });
});

describe('F6: the product is killed while a domain lapses', () => {
  it(
    `DOM-15: ${KILLS} kills among ${PEOPLE} removals: everybody goes exactly once, everybody is told, nothing is parked`,
    async () => {
      await product.as().call({ method: 'DELETE', path: `/sandbox/dns/_orgledger.${owner.domain}/TXT` });
      await advance(DAY);
      await advance(30 * DAY - 60_000);
      for (let kill = 0; kill < KILLS; kill += 1) {
        // The lapse begins; it may be cut off before, in the middle, or after.
        const lapsing = advance(kill === 0 ? 120_000 : 1_000).catch(() => undefined);
        await sleep(Math.random() * 250 * (1 + kill));
        await product.kill();
        await lapsing;
        product = await Product.start(folder, SETTINGS);
      }
      expect((await advance(120_000)).status).toBe(200);
      const me = await signedIn();
      const path = `/v1/organizations/${owner.organizationId}`;
      const people = await me.get(`${path}/users?kind=managed`);
      expect(people.body).toMatchObject({ total: 1, items: [{ userId: owner.userId, role: 'owner' }] });
      const gone: Json[] = await me.all(`${path}/audit-events?type=UserRemovedFromOrg`);
      expect(gone).toHaveLength(PEOPLE);
      expect(new Set(gone.map(({ data }) => data.userId)).size).toBe(PEOPLE);
      const lapses = await me.all(`${path}/audit-events?type=DomainValidationLapsed`);
      expect(lapses).toHaveLength(1);
      expect(new Set(gone.map(({ causationId }) => causationId))).toEqual(new Set([lapses[0].id]));
      const [last] = await me.all(`${path}/audit-events?type=DomainUsersRemoved`);
      expect(last.data.remaining).toBe(0);
      expect((await product.operator.get('/v1/operations/parked')).body.items).toEqual([]);
      const told = await product.as().get(`/sandbox/mail?kind=removed_from_organization`);
      expect(told.body.items.length).toBe(Math.min(PEOPLE, 100));
    },
    LONG ? 600_000 : 90_000,
  );
});
