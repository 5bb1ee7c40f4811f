/**
 * Makes the report of an import over so many people, and says as JSON how long it took and how memory went. Arguments:
 * a data folder, how many. A folder that holds them already is used as it is.
 */
import 'reflect-metadata';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue, projections } from '#application';
import { openEmbeddedEvents, readableEvents } from '#event-store';
import { ImportReport } from '#imports';
import { openEmbeddedDocuments, openThreadedDocuments, Projector, ReadModels } from '#read-models';
import { MasterKey, PersonalKeys } from '#tokens';
import { appendAll, peopleOf } from './seeds.ts';

export interface Reported {
  readonly rows: number;
  readonly seconds: number;
  readonly bytes: number;
  readonly csvHash: string;
  /** Resident before it began, and at its highest, without pages of files that the system may drop at any time. */
  readonly residentMb: readonly [before: number, peak: number];
  /** What is still used after a collection, at each tenth of the rows. */
  readonly heapMb: readonly number[];
}

const DOMAIN = 'many.example';
/** Linux tells it; elsewhere it is all that is resident. */
const resident = (): number => {
  try {
    const told = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    return Number(told) * 1_024;
  } catch {
    return process.memoryUsage.rss();
  }
};
const mb = (bytes: number): number => Math.round(bytes / 1_024 / 1_024);

/** People of the domain who are members elsewhere: the longest rows. */
const seeds = function* (count: number) {
  for (const seed of peopleOf({ organizationId: `org_${'e'.repeat(32)}`, domain: DOMAIN }, count))
    if (seed.type === 'UserRegistered') yield seed;
};

const [folder, asked] = process.argv.slice(2) as [string, string];
const count = Number(asked);
const log = openEmbeddedEvents(folder);
const keys = openEmbeddedDocuments(join(folder, 'keys.db'), { kind: 'OLKY', durable: true });
const events = readableEvents(log, catalogue, new PersonalKeys(keys, MasterKey.load(undefined, folder)));
if ((await log.head()) === 0) await appendAll(log, seeds(count), 'usr_1');
const documents = await openThreadedDocuments(
  join(folder, 'read-models.db'),
  { kind: 'OLRM', durable: false },
  (error) => {
    throw error;
  },
);
const shown = projections.filter(({ name }) => name === 'import-candidates');
const projector = new Projector(events, documents, shown, {
  progressed: () => {},
  quarantined: () => {},
  interrupted: (error) => process.stderr.write(`${error.stack}\n`),
});
const head = await events.head();
await projector.start();
while (!(await projector.waitFor(head, 60_000)));
const report = new ImportReport(new ReadModels(documents, projector, shown));

globalThis.gc?.();
const before = resident();
let peak = before;
let rows = 0;
let bytes = 0;
let collecting = 0;
const heapMb: number[] = [];
const hash = createHash('sha256');
const begun = performance.now();
const scope = { organizationId: `org_${'f'.repeat(32)}`, domains: [DOMAIN], asOfPosition: head };
const onRows = (so: number): void => {
  rows = so;
  peak = Math.max(peak, resident());
  if (rows * 10 < count * (heapMb.length + 1)) return;
  const paused = performance.now();
  globalThis.gc?.();
  heapMb.push(mb(process.memoryUsage().heapUsed));
  collecting += performance.now() - paused;
};
for await (const piece of report.csv(scope, onRows)) {
  hash.update(piece);
  bytes += Buffer.byteLength(piece);
}
const seconds = (performance.now() - begun - collecting) / 1_000;
const csvHash = hash.digest('hex');
await projector.stop();
await documents.close();
await keys.close();
await log.close();
process.stdout.write(
  `${JSON.stringify({ rows, seconds, bytes, csvHash, residentMb: [mb(before), mb(peak)], heapMb } satisfies Reported)}\n`,
);
