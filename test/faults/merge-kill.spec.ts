import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Execution, idFrom, namedUuid } from '#commands';
import { Merging } from '#merges';
import { organization } from '#organizations';
import { belonging } from '../support/belonging.ts';
import { Crowd, type Founded } from '../support/crowd.ts';
import { Mortal } from '../support/mortal.ts';

const LONG = process.env.ORGLEDGER_LONG === '1';
const mergeId = idFrom(namedUuid('a merge'), 'mrg');
const mergeOf = (n: number): string => (n === 0 ? mergeId : idFrom(namedUuid(`merge ${n}`), 'mrg'));
/** Into one organization at the same time. */
const TOGETHER = 10;

const ENDS = ['completed', 'failed'];

interface Size {
  readonly members: number;
  readonly accounts: number;
}

const told = { correlationId: namedUuid('a merge'), cause: '' };

describe('P17: merges and kills', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'orgledger-merge-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const crowded = async (sizes: readonly Size[]): Promise<{ prime: Founded; others: Founded[] }> => {
    const product = await Mortal.start(folder);
    const crowd = new Crowd(product.platform.events);
    const prime = await crowd.organization({ domain: 'prime.example', members: 2, accounts: 2 });
    await crowd.verified(prime, 'prime.example');
    const others: Founded[] = [];
    for (const size of sizes) others.push(await crowd.organization({ domain: 'prime.example', ...size }));
    await product.settled();
    await product.end();
    return { prime, others };
  };
  const seeded = async (members: number, accounts: number): Promise<{ prime: Founded; other: Founded }> => {
    const { prime, others } = await crowded([{ members, accounts }]);
    return { prime, other: others[0] as Founded };
  };
  const begin = (
    product: Mortal,
    prime: Founded,
    other: Pick<Founded, 'organizationId' | 'ownerId'>,
    id = mergeId,
  ) =>
    product.get(Merging).begin(
      {
        mergeId: id,
        organizationId: prime.organizationId,
        candidateOrganizationId: other.organizationId,
        candidateOwnerId: other.ownerId,
        role: 'administrator',
        via: 'invitation',
        importId: null,
        invitationId: null,
      },
      told,
    );
  /** Over and over with processes that live for so many appends. @returns how many have died */
  const withKills = async (
    prime: Founded,
    others: readonly Pick<Founded, 'organizationId' | 'ownerId'>[],
    lifeOf: () => number,
  ): Promise<number> => {
    for (let deaths = 0; ; deaths += 1) {
      const product = await Mortal.start(folder, lifeOf());
      const through = async (other: (typeof others)[number], n: number): Promise<void> => {
        await begin(product, prime, other, mergeOf(n)).catch(() => undefined);
        while (!ENDS.includes((await product.get(Merging).state(mergeOf(n))).status))
          await new Promise((resolve) => setTimeout(resolve, 5));
      };
      const over = Promise.all(others.map(through)).then(() => 'over');
      const how = await Promise.race([over, product.died.then(() => 'died')]);
      await product.end();
      if (how === 'over') return deaths;
    }
  };
  const mustBeWhole = async (prime: Founded, others: readonly Founded[]): Promise<void> => {
    const product = await Mortal.start(folder);
    await product.settled();
    const found = await belonging(product.platform.events);
    expect(found.wrongs).toEqual([]);
    const everybody = [prime, ...others].flatMap(({ members }) => members).map(({ userId }) => userId);
    expect([...found.homes.keys()].toSorted()).toEqual(everybody.toSorted());
    expect(new Set(found.homes.values())).toEqual(new Set([prime.organizationId]));
    expect([...found.accounts.keys()].toSorted()).toEqual(
      [prime, ...others].flatMap(({ accountIds }) => accountIds).toSorted(),
    );
    expect([...found.absorbed].toSorted()).toEqual(
      others.map(({ organizationId }) => organizationId).toSorted(),
    );
    for (const [n, { members, accountIds }] of others.entries())
      expect(await product.get(Merging).state(mergeOf(n))).toMatchObject({
        status: 'completed',
        moved: { users: members.length, accounts: accountIds.length },
      });
    await product.end();
  };

  it('after every single append: nobody in none or two organizations, no account without its Owner, counts kept', async () => {
    const { prime, other } = await seeded(1, 1);
    const deaths = await withKills(prime, [other], () => 1);
    expect(deaths).toBeGreaterThan(8);
    await mustBeWhole(prime, [other]);
  }, 300_000);

  it('P17, MRG-02: a merge that is given up stays given up, after every single append', async () => {
    const { prime, other } = await seeded(1, 1);
    const [, member] = other.members;
    if (!member) throw new Error('nobody is beside the Owner');
    // Who agreed does not own it any more.
    const deaths = await withKills(prime, [{ ...other, ownerId: member.userId }], () => 1);
    expect(deaths).toBeGreaterThan(3);
    const product = await Mortal.start(folder);
    await product.settled();
    expect(await product.get(Merging).state(mergeId)).toMatchObject({
      status: 'failed',
      failure: 'candidate_owner_changed',
    });
    const found = await belonging(product.platform.events);
    expect(found.wrongs).toEqual([]);
    expect(found.absorbed.size).toBe(0);
    for (const { userId } of other.members) expect(found.homes.get(userId)).toBe(other.organizationId);
    const { state } = await product.get(Execution).load(organization, other.organizationId);
    expect(state).toMatchObject({ status: 'open', ownerId: other.ownerId });
    await product.end();
  }, 300_000);

  it('MRG-04: an account that was made by a command from before the lock comes along, however late it is written', async () => {
    const { prime, other } = await seeded(1, 1);
    const product = await Mortal.start(folder);
    const crowd = new Crowd(product.platform.events);
    const [owner] = other.members;
    if (!owner) throw new Error('nobody owns it');
    await begin(product, prime, other);
    const late = [await crowd.account(other.organizationId, owner)];
    const { events } = product.platform;
    const isMoving = async (): Promise<boolean> => {
      for await (const batch of events.readAll())
        if (batch.some(({ type }) => type === 'MergePlanned')) return true;
      return false;
    };
    while (!(await isMoving())) await new Promise((resolve) => setImmediate(resolve));
    late.push(await crowd.account(other.organizationId, owner));
    await product.settled();
    expect((await product.get(Merging).state(mergeId)).status).toBe('completed');
    late.push(await crowd.account(other.organizationId, owner));
    await product.settled();
    const { wrongs, accounts } = await belonging(events);
    expect(wrongs).toEqual([]);
    for (const id of late) expect(accounts.get(id)?.organizationId).toBe(prime.organizationId);
    await product.end();
  }, 60_000);

  it('P17: A into B and B into A at once: exactly one happens', async () => {
    for (let n = 0; n < (LONG ? 50 : 2); n += 1) {
      const { prime: a, other: b } = await seeded(2, 1);
      const product = await Mortal.start(folder);
      const merging = product.get(Merging);
      const into = (id: string, one: Founded, two: Founded) =>
        merging.begin(
          {
            mergeId: id,
            organizationId: one.organizationId,
            candidateOrganizationId: two.organizationId,
            candidateOwnerId: two.ownerId,
            role: 'standard_user',
            via: 'invitation',
            importId: null,
            invitationId: null,
          },
          told,
        );
      const outcomes = await Promise.all([into(mergeId, a, b), into(`${mergeId}2`, b, a)]);
      expect(outcomes.filter((outcome) => 'code' in outcome)).toMatchObject([
        { code: 'organization_merging' },
      ]);
      await product.settled();
      const found = await belonging(product.platform.events);
      expect(found.wrongs).toEqual([]);
      // The Prime of seeds has a domain: merging it is not possible, and then nothing has moved.
      const failed = 'code' in (outcomes[0] as object);
      expect([found.absorbed.size, new Set(found.homes.values()).size]).toEqual(failed ? [0, 2] : [1, 1]);
      await product.end();
      rmSync(folder, { recursive: true, force: true });
      folder = mkdtempSync(join(tmpdir(), 'orgledger-merge-'));
    }
  }, 600_000);

  it('merges of 2 to 200 people, each with kills at appends anywhere, come out as if nothing had happened', async () => {
    let seed = 7;
    const upTo = (most: number): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return 1 + (seed % most);
    };
    let deaths = 0;
    for (let n = 0; n < (LONG ? 300 / TOGETHER : 1); n += 1) {
      const sizes = Array.from({ length: LONG ? TOGETHER : 1 }, () => ({
        members: upTo(LONG ? 199 : 40),
        accounts: upTo(LONG ? 100 : 20),
      }));
      const { prime, others } = await crowded(sizes);
      deaths += await withKills(prime, others, () => upTo(LONG ? 100 : 30));
      await mustBeWhole(prime, others);
      rmSync(folder, { recursive: true, force: true });
      folder = mkdtempSync(join(tmpdir(), 'orgledger-merge-'));
    }
    expect(deaths).toBeGreaterThan(LONG ? 300 : 0);
  }, 7_200_000);
});
