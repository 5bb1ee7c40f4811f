import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import esdb, { type EventStoreDBClient } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type EventStoreDbServer, startEventStoreDbServer } from '../servers/eventstoredb-server.ts';
import { callOf, STILL_PENDING } from './eventstoredb-fixture.calls.ts';
import { Case, type Record } from './eventstoredb-fixture.case.ts';
import { notated, notatedError, ranked } from './eventstoredb-fixture.values.ts';

const NEVER_MS = 5_000;

const records: Record[] = JSON.parse(
  readFileSync(new URL('./eventstoredb-records.json', import.meta.url), 'utf8'),
);

/** Why a record is not compared. */
const excluded = (record: Record): string | undefined => {
  if (record.server.startsWith('TLS')) return 'TLS and users: the stand-in has neither';
  if (record.racy && record.call.endsWith('at once')) return 'racy: which of the identical appends time out';
  if (record.note?.startsWith('shared stream name')) return 'depended on earlier runs of the recording';
  if (record.section === 3 && record.outcome.pendingAfterMs)
    return 'never leaves the client, kills its process';
  return undefined;
};

const groups = Map.groupBy(records, (record) =>
  [
    `section ${record.section}`,
    record.path,
    record.throwOnAppendFailure === false && 'throwOnAppendFailure off',
  ]
    .filter(Boolean)
    .join(', '),
);

describe('the stand-in for EventStoreDB answers as a real 23.10.8 was recorded to answer', () => {
  let server: EventStoreDbServer;
  const clients: EventStoreDBClient[] = [];
  let checked = 0;
  beforeAll(async () => {
    server = await startEventStoreDbServer();
  });
  afterAll(async () => {
    // Not awaited: it never ends when a reader left its loop early.
    for (const client of clients) void client.dispose();
    await server.close();
  });

  const connect = (url: string): EventStoreDBClient => {
    const client = esdb.EventStoreDBClient.connectionString(url);
    clients.push(client);
    return client;
  };

  const clientFor = (record: Record): EventStoreDBClient => {
    if (record.case === 'no server listening') return connect('esdb://127.0.0.1:1?tls=false');
    if (record.case === 'TLS client against insecure server')
      return connect(`esdb://localhost:${server.port}?tls=true`);
    return connect(`${server.url}&throwOnAppendFailure=${record.throwOnAppendFailure !== false}`);
  };

  /** Runs all calls of one case in order; answers the records that came out differently. */
  const differences = async (ofCase: readonly Record[]): Promise<object[]> => {
    const first = ofCase[0] as Record;
    const client = clientFor(first);
    const names = new Case(server, client, first);
    const outcomes: unknown[] = [];
    for (const record of ofCase) {
      if (excluded(record) && record.outcome.pendingAfterMs) {
        outcomes.push(record.outcome);
        continue;
      }
      outcomes.push(await outcomeOf(record, names));
    }
    server.log.now = Date.now;
    const got = ranked(outcomes);
    return ofCase.flatMap((record, index) => {
      if (excluded(record)) return [];
      checked += 1;
      const expected = expectedOf(record);
      return isDeepStrictEqual(got[index], expected)
        ? []
        : [{ case: record.case, call: record.call, expected, got: got[index] }];
    });
  };

  const outcomeOf = async (record: Record, names: Case): Promise<unknown> => {
    const call = callOf(record.section, record.call) ?? concurrentTwins(record);
    if (!call) return { unread: record.call };
    try {
      const value = await Promise.race([call(names), sleep(NEVER_MS, STILL_PENDING, { ref: false })]);
      return value === STILL_PENDING ? { pending: true } : { value: notated(value, names) };
    } catch (error) {
      return { error: notatedError(error, names) };
    }
  };

  const concurrentTwins = (record: Record) =>
    record.racy
      ? (names: Case) =>
          Promise.allSettled(
            Array.from({ length: 8 }, () =>
              names.append(names.events('e1'), record.call.includes('ANY') ? 'ANY' : 'NO_STREAM'),
            ),
          ).then(() => undefined)
      : undefined;

  const expectedOf = ({ outcome, note }: Record): unknown => {
    if (outcome.pendingAfterMs) return { pending: true };
    if (note?.startsWith('only the first entry')) return { value: (outcome.value as unknown[]).slice(0, 1) };
    return outcome;
  };

  it.each([...groups])('%s', async (_, group) => {
    const cases = Map.groupBy(group, (record) => record.case);
    const different: object[] = [];
    for (const ofCase of cases.values())
      if (!ofCase.every(excluded)) different.push(...(await differences(ofCase)));
    expect(different).toEqual([]);
  });

  it('compares every record but those that it gives a reason for', () => {
    const reasons = records.map(excluded).filter((reason) => reason !== undefined);
    const counts = Object.fromEntries(
      [...Map.groupBy(reasons, (reason) => reason)].map(([reason, all]) => [reason, all.length]),
    );
    process.stdout.write(
      `EventStoreDB stand-in: ${records.length} records, ${checked} compared, ${reasons.length} left out: ${JSON.stringify(counts)}\n`,
    );
    expect(checked).toBe(records.length - reasons.length);
    expect(counts).toEqual({
      'TLS and users: the stand-in has neither': 29,
      'racy: which of the identical appends time out': 8,
      'depended on earlier runs of the recording': 4,
      'never leaves the client, kills its process': 4,
    });
    expect(checked).toBe(1_114);
  });
});
