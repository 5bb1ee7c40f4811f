import { rmSync } from 'node:fs';
import { Execution, idFrom, namedUuid } from '#commands';
import { organizationImport, RequestImport, StartImport } from '#imports';
import { Merging } from '#merges';
import { belonging } from '../support/belonging.ts';
import { Crowd, type Founded } from '../support/crowd.ts';
import { Mortal } from '../support/mortal.ts';
import type { Bench } from './bench.ts';
import { runToEnd } from './child.ts';
import { GroupCommitFloor, inviteRow, ofReference } from './group-commit-floor.ts';
import type { Reported } from './report-process.ts';

const DOMAIN = 'prime.example';

interface Run {
  readonly perSecond: number;
  readonly reportSeconds: number;
  readonly broken: string | undefined;
}

const inPieces = async (count: number, one: () => Promise<unknown>): Promise<void> => {
  for (let done = 0; done < count; done += 500)
    await Promise.all(Array.from({ length: Math.min(500, count - done) }, one));
};

/** An organization with a proved domain, and so many people of it elsewhere or nowhere. */
const seeded = async (
  folder: string,
  count: number,
  one: (crowd: Crowd) => Promise<unknown>,
): Promise<{ product: Mortal; prime: Founded; domainId: string }> => {
  const product = await Mortal.start(folder);
  const crowd = new Crowd(product.platform.events);
  const prime = await crowd.organization({ domain: 'home.example' });
  const domainId = await crowd.verified(prime, DOMAIN);
  await inPieces(count, () => one(crowd));
  await product.settled();
  return { product, prime, domainId };
};

const imported = async (
  folder: string,
  count: number,
  one: (crowd: Crowd) => Promise<unknown>,
): Promise<Run> => {
  const { product, prime, domainId } = await seeded(folder, count, one);
  const { organizationId } = prime;
  const state = async (id: string) => (await product.get(Execution).load(organizationImport, id)).state;
  const until = async (id: string, status: string): Promise<void> => {
    while ((await state(id)).status !== status) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  let begun = performance.now();
  const { importId } = await product.done(new RequestImport(), { organizationId, domainIds: [domainId] });
  await until(importId ?? '', 'ready');
  const reportSeconds = (performance.now() - begun) / 1_000;
  begun = performance.now();
  const acknowledgements = ['usersInformed'];
  await product.done(new StartImport(), { organizationId, importId, acknowledgements });
  await until(importId ?? '', 'completed');
  const seconds = (performance.now() - begun) / 1_000;
  await product.settled();
  const { wrongs, homes } = await belonging(product.platform.events);
  const there = [...homes.values()].filter((home) => home === organizationId).length;
  await product.end();
  rmSync(folder, { recursive: true, force: true });
  return {
    perSecond: count / seconds,
    reportSeconds,
    broken: wrongs[0] ?? (there === count + 1 ? undefined : `${there} of ${count + 1} are there`),
  };
};

const merged = async (folder: string, count: number): Promise<Run> => {
  let other: Founded | undefined;
  const { product, prime } = await seeded(folder, 1, async (crowd) => {
    other = await crowd.organization({ domain: DOMAIN, members: count - 1, accounts: Math.ceil(count / 4) });
  });
  const candidate = other as Founded;
  const told = { correlationId: namedUuid('bench'), cause: '' };
  const mergeId = idFrom(told.correlationId, 'mrg');
  const begun = performance.now();
  await product.get(Merging).begin(
    {
      mergeId,
      organizationId: prime.organizationId,
      candidateOrganizationId: candidate.organizationId,
      candidateOwnerId: candidate.ownerId,
      role: 'standard_user',
      via: 'invitation',
      importId: null,
      invitationId: null,
    },
    told,
  );
  while ((await product.get(Merging).state(mergeId)).status !== 'completed')
    await new Promise((resolve) => setTimeout(resolve, 5));
  const seconds = (performance.now() - begun) / 1_000;
  await product.settled();
  const { wrongs } = await belonging(product.platform.events);
  await product.end();
  rmSync(folder, { recursive: true, force: true });
  return { perSecond: count / seconds, reportSeconds: 0, broken: wrongs[0] };
};

/** IMP-03: the file of everybody, in a process of its own that shows nothing else. */
export const reports = async (bench: Bench): Promise<void> => {
  const count = bench.pick(2_000, 1_000_000);
  bench.report.part('import-report', 'P16: the report of an import, in a process of its own');
  const folder = bench.folder('report');
  const runs: Reported[] = [];
  for (let round = 0; round < bench.rounds; round += 1)
    runs.push(
      await runToEnd<Reported>([
        '--expose-gc',
        '--enable-source-maps',
        'test/bench/report-process.ts',
        folder,
        String(count),
      ]),
    );
  const [first] = runs as [Reported];
  const grown = runs.map(({ heapMb }) => (heapMb.at(-1) ?? 0) - (heapMb[0] ?? 0));
  bench.report.figure({
    name: `report over ${count} people`,
    unit: 's',
    values: runs.map(({ seconds }) => seconds),
    goal: { atMost: 20 },
    note: `heap grew by ${Math.max(...grown)} MB from the first tenth to the last; ${first.residentMb.join(' to ')} MB resident without pages of files`,
    broken: runs.some(({ rows, csvHash }) => rows !== count || csvHash !== first.csvHash)
      ? `${first.rows} rows, or not the same file`
      : undefined,
  });
};

/** P16, P17: people who come in great numbers, with everything that follows them. */
export const imports = async (bench: Bench): Promise<void> => {
  bench.report.part('import-speed', 'P16, P17: imports and merges, projections and policies running');
  const count = bench.pick(100, 5_000);
  const kinds = {
    'import of people who are nowhere': (folder: string) =>
      imported(folder, count, (crowd) => crowd.person(DOMAIN)),
    'import of Owners, each with an organization to merge': (folder: string) =>
      imported(folder, count, (crowd) => crowd.organization({ domain: DOMAIN })),
    'merge of one organization': (folder: string) => merged(folder, bench.pick(60, 2_000)),
  };
  const floor = new GroupCommitFloor(bench.folder('import-floor'), inviteRow, 5_000);
  const window = { warmMs: bench.pick(100, 1_000), measureMs: bench.pick(300, 3_000) };
  for (const [name, run] of Object.entries(kinds)) {
    const runs: Run[] = [];
    const commits: number[] = [];
    for (let round = 0; round < bench.rounds; round += 1) {
      commits.push((await floor.c64(window)).perSecond);
      runs.push(await run(bench.folder(`${name.replaceAll(/\W/g, '-')}-${round}`)));
    }
    bench.report.figure({
      name,
      unit: 'people/s',
      values: runs.map(({ perSecond }) => perSecond),
      floor: { name: 'group commit c64', values: commits },
      goal: ofReference(1_000),
      durability: 'D1',
      note: runs[0]?.reportSeconds ? `report ${runs[0].reportSeconds.toFixed(2)} s` : undefined,
      broken: runs.find(({ broken }) => broken)?.broken,
    });
  }
  floor.close();
};
