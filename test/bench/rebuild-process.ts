/**
 * Rebuilds every read model of a data folder from an empty file, and says as JSON how long it took, how much memory
 * it needed, and what came out. Arguments: the data folder, the folder of the rebuilt file.
 */
import 'reflect-metadata';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { catalogue, projections } from '#application';
import { openEmbeddedEvents, readableEvents } from '#event-store';
import { type DocumentStore, openEmbeddedDocuments, openThreadedDocuments, Projector } from '#read-models';
import { MasterKey, PersonalKeys } from '#tokens';

export interface Rebuilt {
  readonly events: number;
  readonly seconds: number;
  readonly peakMb: number;
  /** SHA-256 over every document of every collection, in order of their ids. */
  readonly digest: string;
  readonly quarantined: number;
}

export const digestOf = async (documents: DocumentStore): Promise<string> => {
  const hash = createHash('sha256');
  for (const name of await documents.names()) {
    if (name === 'builds' || name === 'progress') continue;
    for await (const document of documents.collection(name).find({}).sort({ _id: 1 }))
      hash.update(`${name} ${JSON.stringify(document)}\n`);
  }
  return hash.digest('hex');
};

export const rebuild = async (folder: string, into: string): Promise<Rebuilt> => {
  const log = openEmbeddedEvents(folder);
  const keys = openEmbeddedDocuments(join(folder, 'keys.db'), { kind: 'OLKY', durable: true });
  const events = readableEvents(log, catalogue, new PersonalKeys(keys, MasterKey.load(undefined, folder)));
  const file = { kind: 'OLRM', durable: false };
  const documents = await openThreadedDocuments(join(into, 'read-models.db'), file, (error) => {
    throw error;
  });
  const failures: Error[] = [];
  const projector = new Projector(events, documents, projections, {
    progressed: () => {},
    quarantined: () => {},
    interrupted: (error) => failures.push(error),
  });
  const head = await events.head();
  const begun = performance.now();
  await projector.start();
  while (!(await projector.waitFor(head, 60_000))) if (failures[0]) throw failures[0];
  const seconds = (performance.now() - begun) / 1_000;
  const peakMb = process.resourceUsage().maxRSS / 1_024;
  await projector.stop();
  const quarantined = projector.health().reduce((sum, health) => sum + health.quarantined.length, 0);
  const digest = await digestOf(documents);
  await documents.close();
  await keys.close();
  await log.close();
  return { events: head, seconds, peakMb, digest, quarantined };
};

if (import.meta.main)
  process.stdout.write(
    `${JSON.stringify(await rebuild(process.argv[2] as string, process.argv[3] as string))}\n`,
  );
