import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue, openStores } from '#application';
import { ERASED, readableEvents } from '#event-store';
import type { RecordedEvent } from '#kernel';
import type { Settings } from '#settings';
import { MasterKey, PersonalKeys } from '#tokens';
import type { Terminal } from './run.ts';

const SHOWN = 20;

/** What was read, and what is wrong with it. */
export interface Verdict {
  readonly events: number;
  readonly streams: number;
  /** Events in which a field of an erased person stands. */
  readonly erased: number;
  readonly types: ReadonlyMap<string, number>;
  readonly troubles: readonly string[];
}

/** Reads a log from its start: positions rise, revisions have no gap, ids are unique, every event is readable. */
export const examine = async (log: AsyncIterable<readonly RecordedEvent[]>): Promise<Verdict> => {
  const revisions = new Map<string, number>();
  const ids = new Set<string>();
  const types = new Map<string, number>();
  const troubles: string[] = [];
  let events = 0;
  let erased = 0;
  let before = 0;
  for await (const batch of log)
    for (const { id, stream, revision, position, type, data, metadata, unreadable } of batch) {
      const where = `position ${position}, ${stream} at revision ${revision}`;
      const expected = (revisions.get(stream) ?? -1) + 1;
      if (position <= before) troubles.push(`${where}: comes after position ${before}`);
      if (revision !== expected) troubles.push(`${where}: revision ${expected} is missing`);
      if (ids.has(id)) troubles.push(`${where}: its id ${id} stands in the log already`);
      if (unreadable) troubles.push(`${where}: ${unreadable}`);
      if ([...Object.values(data ?? {}), ...Object.values(metadata ?? {})].includes(ERASED)) erased += 1;
      before = position;
      revisions.set(stream, revision);
      ids.add(id);
      types.set(type, (types.get(type) ?? 0) + 1);
      events += 1;
    }
  return { events, streams: revisions.size, erased, types, troubles };
};

export const verify = async (settings: Settings, { out, err }: Terminal): Promise<number> => {
  const { dataDir, eventStoreUrl, masterKeyFile } = settings;
  if (eventStoreUrl) {
    err('verify reads the embedded log; EVENTSTORE_URL is set, so the log is elsewhere.');
    return 1;
  }
  if (!existsSync(join(dataDir, 'events.db'))) {
    err(`There is no log in ${dataDir}.`);
    return 1;
  }
  const stores = await openStores({ ...settings, sandbox: false });
  try {
    const keys = new PersonalKeys(stores.keys, MasterKey.load(masterKeyFile, dataDir));
    const verdict = await examine(readableEvents(stores.events, catalogue, keys).readAll());
    out(
      `${verdict.events} events in ${verdict.streams} streams; ${verdict.erased} with fields that were erased`,
    );
    for (const [type, count] of [...verdict.types].sort(([a], [b]) => a.localeCompare(b)))
      out(`  ${String(count).padStart(9)}  ${type}`);
    for (const trouble of verdict.troubles.slice(0, SHOWN)) err(`trouble: ${trouble}`);
    if (verdict.troubles.length > SHOWN) err(`and ${verdict.troubles.length - SHOWN} more`);
    out(verdict.troubles.length === 0 ? 'The log is whole.' : 'The log is not whole.');
    return verdict.troubles.length === 0 ? 0 : 1;
  } finally {
    await stores.close();
  }
};
