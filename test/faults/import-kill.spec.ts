import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Execution } from '#commands';
import {
  ImportReport,
  ImportRunner,
  organizationImport,
  RequestImport,
  SelectImportRows,
  StartImport,
} from '#imports';
import { belonging } from '../support/belonging.ts';
import { Crowd, type Founded } from '../support/crowd.ts';
import { Mortal } from '../support/mortal.ts';

const LONG = process.env.ORGLEDGER_LONG === '1';
const DOMAIN = 'prime.example';
const acknowledgements = ['usersInformed'];

interface Size {
  readonly loose: number;
  readonly owners: number;
  /** Whole organizations with a domain of their own: their Owners stay. */
  readonly proved: number;
}

interface Seeded {
  readonly prime: Founded;
  readonly importId: string;
}

describe('P16: imports and kills', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'orgledger-import-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const request = async (product: Mortal, organizationId: string, domainIds: string[]): Promise<string> => {
    const { importId = '' } = await product.done(new RequestImport(), { organizationId, domainIds });
    await product.settled();
    await product.get(ImportRunner).idle();
    return importId;
  };
  const stateOf = async (product: Mortal, importId: string) =>
    (await product.get(Execution).load(organizationImport, importId)).state;

  /** People of the domain who are nowhere, own an organization, or are members of one; and the ready report. */
  const seeded = async (
    { loose, owners, proved }: Size,
    imports = 1,
  ): Promise<Seeded & { ids: string[] }> => {
    const product = await Mortal.start(folder);
    const crowd = new Crowd(product.platform.events);
    const prime = await crowd.organization({ domain: 'home.example' });
    const domainId = await crowd.verified(prime, DOMAIN);
    for (let n = 0; n < loose; n += 1) await crowd.person(DOMAIN);
    for (let n = 0; n < owners; n += 1) await crowd.organization({ domain: DOMAIN, members: (n + 1) % 2 });
    for (let n = 0; n < proved; n += 1) {
      const other = await crowd.organization({ domain: DOMAIN, members: 1 });
      await crowd.verified(other, `other${n}.example`);
    }
    await product.settled();
    const ids: string[] = [];
    for (let n = 0; n < imports; n += 1) ids.push(await request(product, prime.organizationId, [domainId]));
    await product.settled();
    await product.end();
    return { prime, importId: ids[0] as string, ids };
  };

  /** Over and over with processes that live for so many appends. @returns how many have died */
  const withKills = async ({ prime, importId }: Seeded, lifeOf: () => number): Promise<number> => {
    for (let deaths = 0; ; deaths += 1) {
      const product = await Mortal.start(folder, lifeOf());
      const { organizationId } = prime;
      const over = (async () => {
        const { status } = await stateOf(product, importId);
        if (status === 'ready')
          await product
            .send(new StartImport(), { organizationId, importId, acknowledgements })
            .catch(() => {});
        while ((await stateOf(product, importId)).status !== 'completed')
          await new Promise((resolve) => setTimeout(resolve, 5));
        return 'completed';
      })();
      const how = await Promise.race([over, product.died.then(() => 'died')]);
      await product.end();
      if (how === 'completed') return deaths;
    }
  };

  /** What an import has come to: its counts, every row, and who and what is where. */
  const outcome = async (importId: string) => {
    const product = await Mortal.start(folder);
    await product.settled();
    const rows: string[] = [];
    const joins = new Map<string, number>();
    for await (const batch of product.platform.events.readAll())
      for (const { type, data } of batch) {
        const { userId = '', row, reason, mergeId, via } = data as Record<string, string>;
        if (type === 'UserImported') rows.push(`${row} ${userId} imported ${mergeId}`);
        if (type === 'UserImportSkipped') rows.push(`${row} ${userId} ${reason}`);
        if (type === 'UserJoinedOrg' && (via === 'import' || via === 'merge'))
          joins.set(userId, (joins.get(userId) ?? 0) + 1);
      }
    const { homes, accounts, absorbed, owners, wrongs } = await belonging(product.platform.events);
    const state = await stateOf(product, importId);
    if (state.status !== 'completed') throw new Error(`the import is ${state.status}`);
    await product.end();
    return {
      counts: { selected: state.selected, imported: state.imported, skipped: state.skipped },
      rows: rows.toSorted(),
      twice: [...joins].filter(([, times]) => times > 1),
      homes: [...homes].toSorted(),
      accounts: [...accounts].toSorted(),
      absorbed: [...absorbed].toSorted(),
      owners: [...owners].toSorted(),
      wrongs,
    };
  };

  /** The same import in a copy of the folder, by a process that lives. */
  const unbroken = async (given: Seeded): Promise<Awaited<ReturnType<typeof outcome>>> => {
    const broken = folder;
    folder = mkdtempSync(join(tmpdir(), 'orgledger-import-'));
    cpSync(broken, folder, { recursive: true });
    await withKills(given, () => Number.POSITIVE_INFINITY);
    const expected = await outcome(given.importId);
    rmSync(folder, { recursive: true, force: true });
    folder = broken;
    return expected;
  };

  it('P16, IMP-05, IMP-10: killed after every single append, every row ends as in an import that nobody disturbs', async () => {
    const size = LONG ? { loose: 20, owners: 6, proved: 3 } : { loose: 1, owners: 1, proved: 1 };
    const given = await seeded(size);
    const expected = await unbroken(given);
    expect(expected.wrongs).toEqual([]);
    expect(expected.rows).toHaveLength(expected.counts.selected);
    const deaths = await withKills(given, () => 1);
    expect(deaths).toBeGreaterThan(8);
    expect(await outcome(given.importId)).toEqual(expected);
  }, 600_000);

  it('P16: killed at appends anywhere, every row ends as in an import that nobody disturbs', async () => {
    let seed = 11;
    const upTo = (most: number): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return 1 + (seed % most);
    };
    for (let n = 0; n < (LONG ? 20 : 1); n += 1) {
      const given = await seeded({
        loose: 128 + upTo(LONG ? 1_000 : 20),
        owners: upTo(LONG ? 100 : 6),
        proved: upTo(3),
      });
      const expected = await unbroken(given);
      await withKills(given, () => upTo(LONG ? 200 : 60));
      expect(await outcome(given.importId)).toEqual(expected);
      rmSync(folder, { recursive: true, force: true });
      folder = mkdtempSync(join(tmpdir(), 'orgledger-import-'));
    }
  }, 7_200_000);

  it('P16, rules.md 2.6: two imports of a domain, each with its file twice and started twice at once: nobody is doubled', async () => {
    const { prime, ids } = await seeded({ loose: LONG ? 5_000 : 40, owners: 2, proved: 0 }, 2);
    const { organizationId } = prime;
    const product = await Mortal.start(folder);
    const upload = async (importId: string): Promise<unknown> => {
      const state = await stateOf(product, importId);
      if (state.status !== 'ready') throw new Error(`the import is ${state.status}`);
      const file = product.get(ImportReport).csv(state);
      const pieces = (async function* () {
        for await (const piece of file) yield Buffer.from(piece);
      })();
      return product.done(await SelectImportRows.reading(pieces), { organizationId, importId });
    };
    await Promise.all([...ids, ...ids].map(upload));
    const outcomes = await Promise.all(
      [...ids, ...ids].map((importId) =>
        product.send(new StartImport(), { organizationId, importId, acknowledgements }),
      ),
    );
    const refused = outcomes.flatMap((answer) => ('code' in answer ? [answer.code] : []));
    expect(refused).toHaveLength(3);
    expect(refused.filter((code) => code === 'import_already_running').length).toBeGreaterThan(0);
    await product.settled();
    await product.get(ImportRunner).idle();
    await product.end();
    const begun = outcomes.findIndex((answer) => !('code' in answer)) % ids.length;
    const found = await outcome(ids[begun] as string);
    expect(found.wrongs).toEqual([]);
    expect(found.twice).toEqual([]);
    const { selected, imported, skipped } = found.counts;
    expect([found.rows.length, imported + skipped]).toEqual([selected, selected]);
    expect(new Set(found.rows.map((row) => row.split(' ')[1])).size).toBe(selected);
    // The member of a merged organization has come along with its Owner.
    expect(found.rows.filter((row) => !row.includes('imported'))).toEqual([
      expect.stringContaining('already_member'),
    ]);
  }, 600_000);
});
