import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Bench } from './bench.ts';
import { root } from './child.ts';
import { machine, Report } from './report.ts';

if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write(`The benchmark needs Node 24 or newer; this is ${process.versions.node}.\n`);
  process.exit(1);
}
if (!existsSync(join(root, 'dist', 'apps', 'api', 'src', 'main.js'))) {
  process.stderr.write('There is no build to measure: run `npm run build` first.\n');
  process.exit(1);
}
process.env.NODE_ENV = 'production';
await import('reflect-metadata');

type Part = (bench: Bench) => Promise<void>;
const parts: Readonly<Record<string, () => Promise<Part>>> = {
  command: async () => (await import('./commands.part.ts')).commands,
  invite: async () => (await import('./invitations.part.ts')).invitations,
  people: async () => (await import('./people.part.ts')).people,
  'sign-in': async () => (await import('./sign-in.part.ts')).signIns,
  lag: async () => (await import('./lag.part.ts')).lag,
  list: async () => (await import('./lists.part.ts')).lists,
  overload: async () => (await import('./overload.part.ts')).overloads,
  rebuild: async () => (await import('./rebuild.part.ts')).rebuilds,
  checks: async () => (await import('./domain-checks.part.ts')).domainChecks,
  lapse: async () => (await import('./lapse.part.ts')).lapses,
  'import-speed': async () => (await import('./imports.part.ts')).imports,
  'import-report': async () => (await import('./imports.part.ts')).reports,
  'import-beside-people': async () => (await import('./import-beside.ts')).besidePeople,
  'import-beside-owners': async () => (await import('./import-beside.ts')).besideOwners,
  'merge-beside': async () => (await import('./import-beside.ts')).besideMerge,
  boot: async () => (await import('./boot.part.ts')).boots,
  eventstoredb: async () => (await import('./eventstoredb.part.ts')).eventStoreDb,
  'peer-invite': async () => (await import('./peers.part.ts')).invitesBeside,
  'peer-accept': async () => (await import('./peers.part.ts')).acceptsBeside,
  'peer-list-1k': async () => (await import('./peers.part.ts')).listsBeside(1_000, 10),
  'peer-list-100k': async () => (await import('./peers.part.ts')).listsBeside(100_000, 50),
};

/** Those that measure beside a peer; they run only when they are named, each by itself or all as `peers`. */
const peers = ['peer-invite', 'peer-accept', 'peer-list-1k', 'peer-list-100k'];

/** Each can be named by itself, three as `import-beside`, all of them as `import`. */
const besideImports = ['import-beside-people', 'import-beside-owners', 'merge-beside'];
const imports = ['import-speed', 'import-report', ...besideImports];

/** What `smoke` alone runs, in less than a minute: the main job. The others run at its sizes when they are named. */
const mainJob = ['command', 'invite', 'lag', 'list', 'rebuild', 'boot', 'eventstoredb'];

const asked = process.argv.slice(2);
const smoke = asked.includes('smoke');
const together: Readonly<Record<string, readonly string[]>> = {
  peers,
  import: imports,
  'import-beside': besideImports,
};
const names = asked.filter((name) => name !== 'smoke').flatMap((name) => together[name] ?? [name]);
const unknown = names.find((name) => !(name in parts));
if (unknown !== undefined) {
  process.stderr.write(
    `There is no part ${unknown}; there are: smoke, ${Object.keys(together).join(', ')}, ${Object.keys(parts).join(', ')}.\n`,
  );
  process.exit(1);
}
if (
  names.some((name) => peers.includes(name)) &&
  !existsSync(join(import.meta.dirname, 'peers', 'node_modules'))
) {
  process.stderr.write(
    'There is no peer to measure against: run `npm ci --prefix test/bench/peers` first.\n',
  );
  process.exit(1);
}

const report = new Report();
const bench = new Bench(smoke, report);
const begun = performance.now();
let failed = 0;
process.stdout.write(`${smoke ? 'Smoke' : 'Full'} benchmark on ${machine(tmpdir())}\n`);
const all = smoke ? mainJob : Object.keys(parts).filter((name) => !peers.includes(name));
for (const name of names.length > 0 ? names : all)
  try {
    const started = performance.now();
    const part = await parts[name]?.();
    await part?.(bench);
    report.note(`(${Math.round((performance.now() - started) / 1_000)} s)`);
  } catch (error) {
    failed += 1;
    report.note(`${name} failed: ${(error as Error).stack}`);
  }
bench.close();
const { broken } = report.close();
process.stdout.write(`${Math.round((performance.now() - begun) / 1_000)} s\n`);
const results = join(import.meta.dirname, 'results');
mkdirSync(results, { recursive: true });
writeFileSync(
  join(results, `${smoke ? 'smoke' : 'full'}.json`),
  `${JSON.stringify({ machine: machine(tmpdir()), rows: report.rows }, undefined, 2)}\n`,
);
process.exit(failed + broken > 0 ? 1 : 0);
