import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import esdb, {
  type AllStreamResolvedEvent,
  type EventData,
  type ExpectedRevision,
  type ResolvedEvent,
} from '@eventstore/db-client';
import { type Case, collect } from './eventstoredb-fixture.case.ts';

type Call = (c: Case, match: RegExpExecArray) => unknown;

export const STILL_PENDING = Symbol('still pending');

const { BACKWARDS, END, START } = esdb;
const json = (data: unknown, rest: object = {}): EventData =>
  esdb.jsonEvent({ type: 'T', data: data as Record<string, unknown>, ...rest });
const binary = (bytes: number): EventData => esdb.binaryEvent({ type: 'T', data: new Uint8Array(bytes) });
const position = (item: ResolvedEvent | AllStreamResolvedEvent | undefined) => item?.event?.position;
const at = (item: AllStreamResolvedEvent) => `S@${item.event?.revision}`;

const bytesOf = (text: string): number =>
  [...text.matchAll(/([+-]?)\s*([\d.]+)\s*(MiB|KiB|B)/g)].reduce(
    (sum, [, sign, number, unit]) =>
      sum +
      (sign === '-' ? -1 : 1) *
        Number(number) *
        { B: 1, KiB: 1_024, MiB: 1_048_576 }[unit as 'B' | 'KiB' | 'MiB'],
    0,
  );

const streamNames: { [title: string]: string } = {
  'stream name empty': '',
  'stream name only $$': '$$',
  'stream name spaces': ' with  spaces ',
  'stream name unicode': 'ключ 例え 🏢 ',
  'stream name newline, NUL, slash': 'a\n\u0000/',
  'stream name starting with $': '$own-',
  'stream name starting with $$': '$$own-',
  'stream name 500 chars': 'n'.repeat(464),
  'stream name 5000 chars': 'n'.repeat(4_964),
  'stream name 70000 chars': 'n'.repeat(69_964),
};
const unusualName = (c: Case): string => {
  const text = streamNames[c.title] ?? '';
  if (text === '' || text === '$$') return text;
  const name = c.streams.get('unusual') ?? text + randomUUID();
  c.streams.set('unusual', name);
  return name;
};

const eventTypes: { [title: string]: string } = {
  'event type empty': '',
  'event type starting with $': '$mine',
  'event type unicode with spaces': 'T ø 例',
  'event type 5000 chars': 'T'.repeat(5_000),
};

const setups: [RegExp, (c: Case) => unknown][] = [
  [/^stream at rev 1$/, (c) => c.append(c.events('e1,e2'), 'NO_STREAM')],
  [
    /^\[(.*)\], (delete|tombstone)Stream$/,
    (c) => c.append(c.events(/\[(.*)\]/.exec(c.given)?.[1] ?? ''), 'NO_STREAM'),
  ],
  [
    /^\[e0\] with metadata$/,
    (c) => c.append(json({ a: 1 }, { id: c.id('e0'), metadata: { m: 1 } }), 'NO_STREAM'),
  ],
  [/^(5 events|link event)/, (c) => c.append(c.events('e0,e1,e2,e3,e4'), 'NO_STREAM')],
  [/^2 events/, (c) => c.append(c.events('e0,e1'), 'NO_STREAM')],
  [
    /^S deleted, S2 tombstoned$/,
    async (c) => {
      await c.append(c.events('e0,e1'), 'NO_STREAM');
      await c.client.deleteStream(c.stream());
      await c.append(c.events('f0,f1'), 'NO_STREAM', c.stream('S2'));
      await c.client.tombstoneStream(c.stream('S2'));
    },
  ],
];

/** Sections 1 and 2: the calls are written out. */
const appendCalls: [RegExp, Call][] = [
  [
    /^append\((S2?), \[([^\]]*)\]( other data)?, (\S+)\)( again)?$/,
    (c, [, stream, ids = '', other, expected]) =>
      c.append(c.events(ids, other !== undefined), expected, c.stream(stream)),
  ],
  [
    /^read\((S2?)\) -> \[revision:label\]( again)?$/,
    async (c, [, stream]) =>
      (await c.read(c.stream(stream)))
        .map(({ event }) => `${event?.revision}:${c.label(event?.id)}`)
        .join(' '),
  ],
  [/^position of e1$/, async (c) => position((await c.read())[0])],
  [/^positions$/, async (c) => (await c.read()).map(position)],
  [/^positions of e2\.\.e4 in stream read$/, async (c) => (await c.read()).slice(1).map(position)],
  [
    /^8 x append\(S,\[x_i\],0n\) at once$/,
    async (c) => {
      const answers = await Promise.allSettled(
        Array.from({ length: 8 }, (_, index) => c.append(c.events(`x${index}`), '0n')),
      );
      const failed = answers.filter(({ status, ...rest }) => !('value' in rest && rest.value.success));
      return {
        ok: answers.length - failed.length,
        fail: failed
          .slice(0, 2)
          .map((answer) => (answer.status === 'rejected' ? answer.reason.type : answer.value)),
      };
    },
  ],
  [
    /^setStreamMetadata maxCount 1$/,
    (c) => c.client.setStreamMetadata(c.stream(), { maxCount: 1 }, c.options),
  ],
  [/^deleteStream\(S\)\s*$/, (c) => c.client.deleteStream(c.stream(), c.options)],
];

/** Section 3. */
const limitCalls: [RegExp, Call][] = [
  [/^append one binary event, (.+) of data$/, (c, [, size = '']) => c.append(binary(bytesOf(size)))],
  [
    /^append \[(\d+) x (.+)\]$/,
    (c, [, count, size = '']) => c.append(Array.from({ length: Number(count) }, () => binary(bytesOf(size)))),
  ],
  [/^next small append, same client$/, (c) => c.append(json({}), 'ANY', c.stream('S2'))],
  [/^append \[\] (\S+)$/, (c, [, expected]) => c.append([], expected)],
  [
    /^append data \{a:/,
    (c) => c.append(json({ a: undefined, b: [undefined], c: null, d: new Date(0), e: Number.NaN })),
  ],
  [/^append data "str", null, \[1\]$/, (c) => c.append([json('str'), json(null), json([1])])],
  [/^append data \{n:2\*\*53/, (c) => c.append(json({ n: Number('9007199254740993'), m: 1e21 }))],
  [
    /^append metadata \{k:1/,
    (c) => c.append(json({}, { metadata: { k: 1, $correlationId: 'c1', $causationId: 'c0' } })),
  ],
  [/^append metadata Uint8Array/, (c) => c.append(json({}, { metadata: new Uint8Array([1, 2, 3]) }))],
  [
    /^append binaryEvent Uint8Array/,
    (c) => c.append(esdb.binaryEvent({ type: 'T', data: new Uint8Array([0, 255, 7]) })),
  ],
  [/^append binaryEvent empty$/, (c) => c.append(binary(0))],
  [/^append id "not-a-uuid"$/, (c) => c.append(json({}, { id: 'not-a-uuid' }))],
  [/^append upper case id$/, (c) => c.append(json({}, { id: c.id('e1').toUpperCase() }))],
  [/^append nil id$/, (c) => c.append(json({}, { id: '00000000-0000-0000-0000-000000000000' }))],
  [
    /^id read back/,
    async (c) => {
      const id = c.id('e1');
      return (await c.read()).map(({ event }) => [event?.id === id.toUpperCase(), event?.id === id]);
    },
  ],
  [
    /^read back \{/,
    async (c) =>
      (await c.read()).map(({ event }) => ({
        data: event?.data,
        metadata: event?.metadata,
        isJson: event?.isJson,
      })),
  ],
  [/^append one event$/, (c) => c.append(json({}, { type: eventTypes[c.title] }))],
  [
    /^read type$/,
    async (c) =>
      (await c.read()).map(({ event }) => (event?.type.length === 5_000 ? '5000 chars' : event?.type)),
  ],
];

/** Section 4: deleted streams. */
const deletedCalls: [RegExp, Call][] = [
  [/^tombstoneStream\(S\)$/, (c) => c.client.tombstoneStream(c.stream(), c.options)],
  [/^(read after delete|readStream)$/, (c) => c.read()],
  [
    /^readStream backwards from END max 1$/,
    (c) => c.read(c.stream(), { direction: BACKWARDS, fromRevision: END, maxCount: 1 }),
  ],
  [
    /^(?:re-)?append (e\d) (?:rev )?(\S+)(?: \(.*\))?$/,
    (c, [, id = '', expected]) => c.append(c.events(id), expected),
  ],
  [/^append (ANY|NO_STREAM|1n|STREAM_EXISTS)$/, (c, [, expected]) => c.append(json({}), expected)],
  [/^tombstone again$/, (c) => c.client.tombstoneStream(c.stream(), c.options)],
  [/^deleteStream after tombstone$/, (c) => c.client.deleteStream(c.stream(), c.options)],
  [/^read -> revisions$/, (c) => c.revisions()],
];

/** Section 4: reads. */
const readCalls: [RegExp, Call][] = [
  [/^readStream\(S\) -> all fields$/, (c) => c.read()],
  [
    /^types$/,
    async (c) => {
      const [item] = await c.read();
      const event = item?.event as NonNullable<ResolvedEvent['event']>;
      return {
        keys: Object.keys(item ?? {}),
        eventKeys: Object.keys(event),
        revision: typeof event.revision,
        created: event.created.constructor.name,
        commit: typeof event.position?.commit,
        commitPosition: typeof item?.commitPosition,
        link: typeof item?.link,
      };
    },
  ],
  [/^(forwards|forwards default|forwards after|at once|after append)$/, (c) => c.revisions()],
  [/^backwards, default fromRevision$/, (c) => c.revisions({ direction: BACKWARDS })],
  [/^backwards (?:from )?START$/, (c) => c.revisions({ direction: BACKWARDS, fromRevision: START })],
  [/^backwards(?: from END)?$/, (c) => c.revisions({ direction: BACKWARDS, fromRevision: END })],
  [
    /^backwards from (\d+)n/,
    (c, [, from = '']) => c.revisions({ direction: BACKWARDS, fromRevision: BigInt(from) }),
  ],
  [/^forwards from END$/, (c) => c.revisions({ fromRevision: END })],
  [/^forwards from (-?\d+)n/, (c, [, from = '']) => c.revisions({ fromRevision: BigInt(from) })],
  [
    /^fromRevision 2\^(\d+)-1$/,
    (c, [, power = '']) => c.revisions({ fromRevision: 2n ** BigInt(power) - 1n }),
  ],
  [/^fromRevision number 3$/, (c) => c.revisions({ fromRevision: 3 as unknown as bigint })],
  [
    /^(?:from|fromRevision) (\d+)n maxCount (\d+)$/,
    (c, [, from = '', count]) => c.revisions({ fromRevision: BigInt(from), maxCount: Number(count) }),
  ],
  [
    /^maxCount 2 from 1n backwards$/,
    (c) => c.revisions({ direction: BACKWARDS, fromRevision: 1n, maxCount: 2 }),
  ],
  [/^maxCount bigint 2n$/, (c) => c.revisions({ maxCount: 2n as unknown as number })],
  [/^maxCount (\d+)$/, (c, [, count]) => c.revisions({ maxCount: Number(count) })],
  [
    /^break out of iteration/,
    async (c) => {
      const stream = c.client.readStream(c.stream());
      stream.on('error', () => undefined);
      for await (const _ of stream) break;
      return c.revisions();
    },
  ],
  [
    /^call readStream only/,
    async (c) => {
      const seen: string[] = [];
      const stream = c.client.readStream(c.stream());
      const failed = new Promise<void>((resolve) => {
        stream.on('error', (error: Error & { type?: string }) => {
          seen.push(`${error.constructor.name}:${error.type}`);
          resolve();
        });
      });
      stream.resume();
      await failed;
      return { ctor: stream.constructor.name, seen };
    },
  ],
  [/^iterate forwards$|^with credentials$/, (c) => c.read()],
  [/^iterate backwards END$/, (c) => c.read(c.stream(), { direction: BACKWARDS, fromRevision: END })],
  [/^iterate from 5n$/, (c) => c.read(c.stream(), { fromRevision: 5n })],
  [
    /^setStreamMetadata$/,
    (c) => {
      const limits = { $maxCount: { maxCount: 2 }, $maxAge: { maxAge: 1 }, $tb: { truncateBefore: 3 } }[
        c.title
      ];
      return c.client.setStreamMetadata(c.stream(), limits ?? { truncateBefore: 99 }, c.options);
    },
  ],
  [/^append at (\d)n$/, (c, [, revision]) => c.append(json({}), `${revision}n`)],
  [
    /^\$all still shows/,
    async (c) =>
      (await c.own()).filter(({ event }) => event?.type === 'T').map(({ event }) => event?.revision),
  ],
  [
    /^after 2\.1 s$/,
    async (c) => {
      c.server.log.now = () => Date.now() + 2_100;
      return c.revisions();
    },
  ],
  [/^append link "2@S"/, (c) => c.append(link(c, 2), 'ANY', c.stream('S2'))],
  [/^append link to missing event 99$/, (c) => c.append(link(c, 99), 'ANY', c.stream('S2'))],
  [
    /^read S2 resolveLinkTos false$/,
    async (c) =>
      (await c.read(c.stream('S2'))).map(({ event, link: via }) => ({
        eventStream: event?.streamId,
        type: event?.type,
        rev: event?.revision,
        link: typeof via,
        isJson: event?.isJson,
        dataType: event?.data?.constructor.name,
      })),
  ],
  [
    /^read S2 resolveLinkTos true$/,
    async (c) =>
      (await c.read(c.stream('S2'), { resolveLinkTos: true })).map((item) => ({
        eventStream: item.event?.streamId,
        type: item.event?.type,
        rev: item.event?.revision,
        linkStream: item.link?.streamId,
        linkRev: item.link?.revision,
        commitPositionIsLink: item.commitPosition === item.link?.position?.commit,
      })),
  ],
  [
    /^read both resolved$/,
    async (c) =>
      (await c.read(c.stream('S2'), { resolveLinkTos: true })).map((item) => ({
        event: item.event?.revision,
        link: item.link?.revision,
        keys: Object.keys(item),
      })),
  ],
];

const link = (c: Case, revision: number): EventData =>
  esdb.binaryEvent({ type: '$>', data: new Uint8Array(Buffer.from(`${revision}@${c.stream()}`)) });

/** Section 5. */
const positionCalls: [RegExp, Call][] = [
  [/^append e0 ANY$/, (c) => c.append(c.events('e0'))],
  [/^append \[e1,e2\]$/, (c) => c.append(c.events('e1,e2'))],
  [
    /^stream read positions/,
    async (c) =>
      (await c.read()).map(({ event, commitPosition }) => ({ position: event?.position, commitPosition })),
  ],
  [
    /^readAll forwards: positions of S$/,
    async (c) =>
      (await c.own()).map((item) => ({
        position: item.event?.position,
        commitPosition: (item as ResolvedEvent).commitPosition,
        keys: Object.keys(item),
      })),
  ],
  [
    /^append position equals/,
    async (c) => {
      const again = [await c.append(c.events('e0')), await c.append(c.events('e1,e2'))];
      const [streamed, all] = [await c.read(), await c.own()];
      const same = (index: number, other: ResolvedEvent | AllStreamResolvedEvent | undefined) =>
        again[index]?.position?.commit === position(other)?.commit;
      return [same(0, streamed[0]) && same(0, all[0]), same(1, streamed[2]), same(1, all[2])];
    },
  ],
  [
    /^commit equals prepare/,
    async (c) => (await c.readAll()).every((item) => position(item)?.commit === position(item)?.prepare),
  ],
  [
    /^positions strictly increase/,
    async (c) => {
      const all = (await c.readAll()).map((item) => position(item)?.commit ?? 0n);
      const gaps = all.slice(1).map((commit, index) => commit - (all[index] as bigint));
      return { increasing: gaps.every((gap) => gap > 0n), consecutive: gaps.every((gap) => gap === 1n) };
    },
  ],
  [
    /^readAll from position of e0/,
    async (c) => (await c.own({ fromPosition: await positionAt(c, 0) })).map(at),
  ],
  [
    /^readAll backwards from position of e2/,
    async (c) => (await c.own({ direction: BACKWARDS, fromPosition: await positionAt(c, 2) })).map(at),
  ],
  [
    /^readAll backwards END max 1$/,
    async (c) => (await c.own({ direction: BACKWARDS, fromPosition: END, maxCount: 1 })).map(at),
  ],
  [/^readAll backwards default/, async (c) => (await c.readAll({ direction: BACKWARDS })).length],
  [/^readAll forwards from END$/, async (c) => (await c.readAll({ fromPosition: END })).length],
  [
    /^readAll from a position between/,
    async (c) => {
      const { commit } = await positionAt(c, 0);
      return c.readAll({ fromPosition: { commit: commit + 1n, prepare: commit + 1n } });
    },
  ],
  [
    /^readAll from \{0,0\}$/,
    async (c) => (await c.readAll({ fromPosition: { commit: 0n, prepare: 0n }, maxCount: 1 })).length,
  ],
  [
    /^readAll prepare > commit$/,
    async (c) => {
      const { commit } = await positionAt(c, 0);
      return c.readAll({ fromPosition: { commit, prepare: commit + 1n } });
    },
  ],
  [
    /^readAll position far beyond end/,
    async (c) => (await c.readAll({ fromPosition: { commit: 2n ** 40n, prepare: 2n ** 40n } })).length,
  ],
  [/^readAll position 2\^63/, (c) => c.readAll({ fromPosition: { commit: 2n ** 63n, prepare: 2n ** 63n } })],
  [
    /^readAll maxCount 0$/,
    async (c) => {
      const stream = c.client.readAll({ maxCount: 0 });
      const ended = collect(stream);
      const outcome = await Promise.race([ended, sleep(300, STILL_PENDING)]);
      await stream.cancel();
      return outcome;
    },
  ],
  [
    /^created of e1 and e2/,
    async (c) => {
      const [, one, two] = (await c.read()).map(({ event }) => event?.created as Date);
      return {
        type: one?.constructor.name,
        equal: one?.getTime() === two?.getTime(),
        msResolutionOnly: Number.isInteger(one?.getTime()),
      };
    },
  ],
  [
    /^first 6 of readAll/,
    async (c) => (await c.readAll({ maxCount: 1 })).map(({ event }) => `${event?.type} @ ${event?.streamId}`),
  ],
  [
    /^\$all entries with S or S2/,
    async (c) =>
      (await c.own()).map(({ event }) => ({
        type: event?.type,
        streamId: event?.streamId,
        revision: event?.revision,
        data: event?.data,
      })),
  ],
];

const positionAt = async (c: Case, index: number) =>
  position((await c.read())[index]) as { commit: bigint; prepare: bigint };

/** Section 10. */
const metadataCalls: [RegExp, Call][] = [
  [
    /^getStreamMetadata/,
    async (c) => {
      const stream = c.stream(c.title === 'deleteStream' ? 'S2' : 'S');
      const answer = await c.client.getStreamMetadata(stream, c.options);
      if (answer.metastreamRevision === undefined) return answer;
      const [newest] = await c.read(`$$${stream}`);
      if (answer.metastreamRevision !== newest?.commitPosition) return answer;
      return { ...answer, metastreamRevision: { $commit: 'commit position of the metadata event' } };
    },
  ],
  [
    /^setStreamMetadata \{maxCount:10/,
    (c) => c.client.setStreamMetadata(c.stream(), { maxCount: 10, owner: 'x' }),
  ],
  [
    /^metadata commitPosition vs/,
    async (c) =>
      (await c.read(`$$${c.stream()}`)).map(({ event }) => ({
        type: event?.type,
        revision: event?.revision,
        data: event?.data,
      })),
  ],
  [/^readStream\(S\) of stream with metadata only$/, (c) => c.read()],
  [/^append NO_STREAM to stream/, (c) => c.append(c.events('e0'), 'NO_STREAM')],
  [
    /^setStreamMetadata expectedRevision (\S+)$/,
    (c, [, expected]) =>
      c.client.setStreamMetadata(
        c.stream(),
        { maxCount: 5 },
        { expectedRevision: expected === '0n' ? 0n : esdb.NO_STREAM },
      ),
  ],
  [
    /^setStreamMetadata maxCount (\S+)$/,
    async (c, [, count]) => c.client.setStreamMetadata(c.stream(), { maxCount: Number(count) }),
  ],
  [/^read after maxCount 0$/, (c) => c.read()],
  [
    /^(delete)Stream absent (\S+)$/,
    (c, [, , expected = '']) =>
      c.client.deleteStream(
        c.stream() + { ANY: '', NO_STREAM: 'a', '0n': 'b' }[expected],
        deleteOptions(expected),
      ),
  ],
  [
    /^(deleteStream|tombstone) (existing|wrong|right).* (\S+)$/,
    async (c, [, call, , expected = '']) => {
      const absent = c.server.log.last(c.stream('S2')) < 0n;
      if (absent) await c.append(c.events('f0,f1'), 'NO_STREAM', c.stream('S2'));
      return call === 'tombstone'
        ? c.client.tombstoneStream(c.stream('S2'), deleteOptions(expected))
        : c.client.deleteStream(c.stream('S2'), deleteOptions(expected));
    },
  ],
  [/^deleteStream again ANY$/, (c) => c.client.deleteStream(c.stream('S2'))],
  [/^tombstone absent ANY$/, (c) => c.client.tombstoneStream(c.stream())],
  [/^tombstone again ANY$/, (c) => c.client.tombstoneStream(c.stream('S2'))],
];

const deleteOptions = (expected: string): { expectedRevision: ExpectedRevision } => ({
  expectedRevision:
    expected === 'ANY'
      ? esdb.ANY
      : expected === 'NO_STREAM'
        ? esdb.NO_STREAM
        : BigInt(expected.replace('n', '')),
});

/** Section 9: what an insecure server does with credentials. */
const insecureCalls: [RegExp, Call][] = [
  [
    /^append with wrong password$/,
    (c) =>
      c.client.appendToStream(c.stream(), json({}), {
        credentials: { username: 'admin', password: 'WRONG' },
      }),
  ],
  [
    /^read with unknown user$/,
    async (c) => (await c.read(c.stream(), { credentials: { username: 'nobody', password: 'x' } })).length,
  ],
  [/^readAll without credentials$/, async (c) => (await c.readAll({ maxCount: 1 })).length],
  [/^append to (\$\S+) without/, (c, [, stream]) => c.append(json({}), 'ANY', stream)],
  [/^read \$streams/, (c) => c.read('$streams')],
  [/^subscribeToAll filter none/, (c) => firstOf(c).then((event) => event !== undefined)],
  [
    /^acl readRoles/,
    async (c) => {
      await c.client.setStreamMetadata(c.stream(), { acl: { readRoles: ['$admins'] } });
      return (await c.read()).length;
    },
  ],
  [
    /^append \(unary\)$/,
    (c) => c.client.appendToStream(c.stream(), json({}), { credentials: { username: 'a', password: 'b' } }),
  ],
  [
    /^append( \(batch\))?$/,
    (c) =>
      c.title.startsWith('stream name') ? c.append(json({}), 'ANY', unusualName(c)) : c.append(json({})),
  ],
  [
    /^read$/,
    async (c) => {
      if (c.title === 'tombstoneStream') return c.read();
      if (c.title === 'deleteStream') return c.read(c.stream('S2'));
      if (!c.title.startsWith('stream name')) return c.read();
      const name = unusualName(c);
      return (await c.read(name)).map(({ event }) => ({
        sameName: event?.streamId === name,
        revision: event?.revision,
      }));
    },
  ],
  [/^read\(S\)$/, (c) => c.read()],
  [/^subscribeToAll$/, (c) => firstOf(c)],
];

const firstOf = (c: Case): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const subscription = c.client.subscribeToAll();
    subscription.on('error', reject).on('data', (event: unknown) => {
      subscription.unsubscribe().catch(() => undefined);
      resolve(event);
    });
  });

const setup: [RegExp, Call][] = [
  [
    /^setup$/,
    (c) =>
      setups.find(([given]) => given.test(c.given))?.[1](c) ?? Promise.reject(new Error('unknown setup')),
  ],
];

const bySection: { [section: number]: [RegExp, Call][] } = {
  1: appendCalls,
  2: appendCalls,
  3: [...setup, ...limitCalls, ...insecureCalls],
  4: [...setup, ...deletedCalls, ...readCalls, ...metadataCalls, ...appendCalls],
  5: [...setup, ...positionCalls],
  9: insecureCalls,
  10: [...metadataCalls, ...insecureCalls],
};

/** Runs what the text of a record says; undefined when no rule reads it. */
export const callOf = (section: number, text: string): ((c: Case) => unknown) | undefined => {
  for (const [pattern, call] of bySection[section] ?? []) {
    const match = pattern.exec(text);
    if (match) return (c) => call(c, match);
  }
  return undefined;
};
