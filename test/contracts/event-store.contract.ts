import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type EventStore, InvalidAppend, type NewEvent, NO_STREAM, RevisionConflict } from '#event-store';
import type { RecordedEvent } from '#kernel';
import { anEvent, aStream, events, everything, followUntil, metadata } from './event-store.events.ts';

export interface OpenedEventStore {
  readonly store: EventStore;
  /** Closes the store and opens it again on the same log. */
  reopen(): Promise<EventStore>;
  close(): Promise<void>;
}

/** What every adapter of the event store port must do. The log may hold earlier events; nobody else writes. */
export const eventStoreContract = (name: string, open: () => Promise<OpenedEventStore>): void => {
  describe(`event store contract: ${name}`, () => {
    let opened: OpenedEventStore;
    let store: EventStore;
    beforeAll(async () => {
      opened = await open();
      store = opened.store;
    }, 180_000);
    afterAll(async () => {
      await opened?.close();
    });

    describe('append and read', () => {
      it('answers revision and position of the last event, and reads back what was written', async () => {
        const stream = aStream();
        const [first, ...more] = events(3) as [NewEvent, ...NewEvent[]];
        const one = await store.append(stream, NO_STREAM, [first]);
        const three = await store.append(stream, one.revision, more);
        expect([one.revision, three.revision]).toEqual([0, 2]);
        expect(three.position).toBeGreaterThan(one.position);
        const read = await store.read(stream);
        expect(read.map(({ position, ...rest }) => rest)).toEqual(
          [first, ...more].map((event, revision) => ({ ...event, stream, revision })),
        );
        expect(read[0]?.position).toBe(one.position);
        expect(read[2]?.position).toBe(three.position);
        expect(read[1]?.position).toBeGreaterThan(one.position);
        expect(read[1]?.position).toBeLessThan(three.position);
      });

      it('reads an absent stream as empty', async () => {
        expect(await store.read(aStream())).toEqual([]);
        expect(await store.read(aStream(), { from: 5, limit: 3 })).toEqual([]);
      });

      it('reads from a revision and at most so many', async () => {
        const stream = aStream();
        await store.append(stream, NO_STREAM, events(5));
        const revisions = async (options: { from?: number; limit?: number }) =>
          (await store.read(stream, options)).map(({ revision }) => revision);
        expect(await revisions({ from: 3 })).toEqual([3, 4]);
        expect(await revisions({ limit: 2 })).toEqual([0, 1]);
        expect(await revisions({ from: 1, limit: 3 })).toEqual([1, 2, 3]);
        expect(await revisions({ from: 5 })).toEqual([]);
        expect(await revisions({ from: 500 })).toEqual([]);
        expect(await revisions({ limit: 0 })).toEqual([]);
      });

      it.each<[string, number, number, number]>([
        ['an absent stream at 0', 0, 0, NO_STREAM],
        ['an existing stream as new', 1, NO_STREAM, 0],
        ['a revision too low', 3, 0, 2],
        ['a revision one too low', 3, 1, 2],
        ['a revision too high', 3, 7, 2],
      ])('refuses %s and says where the stream is', async (_, stored, expected, actual) => {
        const stream = aStream();
        if (stored > 0) await store.append(stream, NO_STREAM, events(stored));
        const head = await store.head();
        const refused = store.append(stream, expected, events(3));
        await expect(refused).rejects.toBeInstanceOf(RevisionConflict);
        await expect(refused).rejects.toMatchObject({ stream, expected, actual });
        expect(await store.read(stream)).toHaveLength(stored);
        expect(await store.head()).toBe(head);
      });

      it('keeps 1,000 events of one append together', async () => {
        const stream = aStream();
        const appended = await store.append(stream, NO_STREAM, events(1_000));
        expect(appended.revision).toBe(999);
        expect((await store.read(stream)).map(({ data }) => (data as { index: number }).index)).toEqual(
          Array.from({ length: 1_000 }, (_, index) => index),
        );
      });

      it('lets exactly one of 64 concurrent writers win each revision', async () => {
        const stream = aStream();
        for (let expected = NO_STREAM; expected < 5; expected += 1) {
          const outcomes = await Promise.allSettled(
            Array.from({ length: 64 }, () => store.append(stream, expected, [anEvent()])),
          );
          const lost = outcomes
            .filter((outcome) => outcome.status === 'rejected')
            .map(({ reason }) => reason);
          expect(lost).toHaveLength(63);
          for (const conflict of lost)
            expect(conflict).toMatchObject({ name: 'RevisionConflict', actual: expected + 1 });
        }
        expect(await store.read(stream)).toHaveLength(6);
      });
    });

    describe('the same append again (section 2 of the recorded behaviour)', () => {
      type Row = [
        title: string,
        given: readonly [ids: string, expected: number][],
        call: [ids: string, expected: number],
        outcome: { at: number; as?: string } | { conflict: number },
        after: string,
      ];
      const rows: Row[] = [
        ['one as new', [['a', -1]], ['a', -1], { at: 0, as: 'a' }, 'a'],
        ['three as new', [['abc', -1]], ['abc', -1], { at: 2, as: 'c' }, 'abc'],
        [
          'one at its revision',
          [
            ['a', -1],
            ['b', 0],
          ],
          ['b', 0],
          { at: 1, as: 'b' },
          'ab',
        ],
        [
          'two at their revision',
          [
            ['a', -1],
            ['bc', 0],
          ],
          ['bc', 0],
          { at: 2, as: 'c' },
          'abc',
        ],
        [
          'one as new, later events exist',
          [
            ['a', -1],
            ['b', 0],
            ['c', 1],
          ],
          ['a', -1],
          { at: 0, as: 'a' },
          'abc',
        ],
        [
          'one at its revision, later events exist',
          [
            ['a', -1],
            ['b', 0],
            ['c', 1],
          ],
          ['b', 0],
          { at: 1, as: 'b' },
          'abc',
        ],
        [
          'two, later events exist',
          [
            ['a', -1],
            ['bc', 0],
            ['d', 2],
          ],
          ['bc', 0],
          { at: 2, as: 'c' },
          'abcd',
        ],
        ['the first part', [['ab', -1]], ['a', -1], { at: 0, as: 'a' }, 'ab'],
        ['the last part', [['ab', -1]], ['b', 0], { at: 1, as: 'b' }, 'ab'],
        ['more than was written', [['ab', -1]], ['abc', -1], { conflict: 1 }, 'ab'],
        ['another second event', [['ab', -1]], ['ax', -1], { conflict: 1 }, 'ab'],
        ['another first event', [['ab', -1]], ['xb', -1], { conflict: 1 }, 'ab'],
        ['the other way round', [['ab', -1]], ['ba', -1], { conflict: 1 }, 'ab'],
        ['overlapping the end', [['ab', -1]], ['bc', 0], { conflict: 1 }, 'ab'],
        ['a new one at an old revision', [['ab', -1]], ['c', 0], { conflict: 1 }, 'ab'],
        ['a known one at another old revision', [['ab', -1]], ['a', 0], { conflict: 1 }, 'ab'],
        ['known ones far ahead', [['ab', -1]], ['ab', 9], { conflict: 1 }, 'ab'],
        ['the last one at the current revision is written again', [['ab', -1]], ['b', 1], { at: 2 }, 'abb'],
        ['the first one at the current revision is written again', [['ab', -1]], ['a', 1], { at: 2 }, 'aba'],
        ['the only one at the current revision is written again', [['a', -1]], ['a', 0], { at: 1 }, 'aa'],
        ['twice the same id in one append', [], ['aa', -1], { at: 1 }, 'aa'],
        ['twice the same id in one append, again', [['aa', -1]], ['aa', -1], { at: 1 }, 'aa'],
      ];
      it.each(rows)('%s', async (_, given, call, outcome, after) => {
        const stream = aStream();
        const ids = new Map<string, string>();
        const named = (letters: string) =>
          [...letters].map((letter) => {
            const id = ids.get(letter) ?? randomUUID();
            ids.set(letter, id);
            return anEvent({ letter }, id);
          });
        for (const [letters, expected] of given) await store.append(stream, expected, named(letters));
        const before = await store.read(stream);
        const answered = store.append(stream, call[1], named(call[0]));
        if ('conflict' in outcome)
          await expect(answered).rejects.toMatchObject({
            name: 'RevisionConflict',
            actual: outcome.conflict,
          });
        else {
          const { revision, position } = await answered;
          expect(revision).toBe(outcome.at);
          const original = before.findLast(({ id }) => id === ids.get(outcome.as ?? ''));
          if (original) expect(position).toBe(original.position);
        }
        const letters = (await store.read(stream)).map(({ data }) => (data as { letter: string }).letter);
        expect(letters.join('')).toBe(after);
      });

      it('compares ids only: other data under a known id keeps the first', async () => {
        const stream = aStream();
        const id = randomUUID();
        await store.append(stream, NO_STREAM, [anEvent({ data: 'first' }, id)]);
        expect((await store.append(stream, NO_STREAM, [anEvent({ data: 'second' }, id)])).revision).toBe(0);
        expect((await store.read(stream)).map(({ data }) => data)).toEqual([{ data: 'first' }]);
      });

      it('knows ids per stream', async () => {
        const id = randomUUID();
        const [one, other] = [aStream(), aStream()];
        await store.append(one, NO_STREAM, [anEvent({}, id)]);
        await store.append(other, NO_STREAM, [anEvent({}, id)]);
        expect(await store.read(other)).toHaveLength(1);
      });

      it('answers 8 identical appends at once with the same result, stored once', async () => {
        const stream = aStream();
        const event = anEvent();
        const answers = await Promise.all(
          Array.from({ length: 8 }, () => store.append(stream, NO_STREAM, [event])),
        );
        expect(new Set(answers.map(({ revision, position }) => `${revision} ${position}`)).size).toBe(1);
        expect(await store.read(stream)).toHaveLength(1);
      });
    });

    describe('unusual input', () => {
      it.each([
        ['spaces', ' a b '],
        ['unicode', 'ключ-例え 🏢 é é'],
        ['line breaks and slashes', 'a\nb/../c'],
        ['quotes and percent signs', `'"%_*?\\;--`],
        ['5,000 characters', 'n'.repeat(5_000)],
      ])('keeps streams apart by their exact name: %s', async (_, text) => {
        const unique = randomUUID();
        const stream = `${text}${unique}`;
        await store.append(stream, NO_STREAM, [anEvent({ text })]);
        expect((await store.read(stream)).map((event) => event.stream)).toEqual([stream]);
        expect(await store.read(`${text.normalize('NFD')}x${unique}`)).toEqual([]);
      });

      it('keeps every text and number as it was', async () => {
        const data = {
          texts: ['', ' ', 'ß ñ 例 🏳️‍🌈 \u202e', '\u0000\u001f\u2028', '\ud800 alone', '</script>', `'";--`],
          numbers: [0, -1, 0.1, 1e21, 2 ** 53 - 1, 5e-324],
          others: [true, false, null, [], {}, [[[]]]],
          'ключ " \n': JSON.parse('{"__proto__":{"a":1},"constructor":"c"}'),
        };
        const stream = aStream();
        const event = { ...anEvent(data), type: 'Ереignis ø 例' };
        await store.append(stream, NO_STREAM, [event]);
        const [read] = await store.read(stream);
        expect(JSON.stringify(read?.data)).toBe(JSON.stringify(data));
        expect(read?.type).toBe(event.type);
        expect(read?.metadata).toEqual(metadata);
      });

      it('takes 1 MiB of data in one append and no byte more', async () => {
        const stream = aStream();
        const bytes = 1_048_576 - '{"text":""}'.length;
        const whole = anEvent({ text: 'x'.repeat(bytes) });
        await store.append(stream, NO_STREAM, [whole]);
        expect((await store.read(stream))[0]?.data).toEqual(whole.data);
        for (const tooMuch of [
          [anEvent({ text: 'x'.repeat(bytes + 1) })],
          Array.from({ length: 3 }, () => anEvent({ text: 'x'.repeat(400 * 1_024) })),
          [anEvent({ text: 'x'.repeat(18 * 1_024 * 1_024) })],
        ])
          await expect(store.append(stream, 0, tooMuch)).rejects.toBeInstanceOf(InvalidAppend);
        expect(await store.read(stream)).toHaveLength(1);
      });

      const cycle: { self?: object } = {};
      cycle.self = cycle;
      const bad: [string, Partial<NewEvent>][] = [
        ['an id that is no UUID', { id: 'not-a-uuid' }],
        ['an empty id', { id: '' }],
        ['the nil UUID', { id: '00000000-0000-0000-0000-000000000000' }],
        ['an upper-case UUID', { id: randomUUID().toUpperCase() }],
        ['an empty type', { type: '' }],
        ['a type of the system', { type: '$metadata' }],
        ['data with a cycle', { data: cycle }],
        ['data with a bigint', { data: { n: 1n } }],
        ['no data', { data: undefined as unknown as object }],
        [
          'data that refuses',
          {
            data: {
              toJSON: () => {
                throw new Error('no');
              },
            },
          },
        ],
      ];
      it.each(bad)('refuses %s before anything is written', async (_, part) => {
        const stream = aStream();
        const head = await store.head();
        const append = store.append(stream, NO_STREAM, [anEvent(), { ...anEvent(), ...part }]);
        await expect(append).rejects.toBeInstanceOf(InvalidAppend);
        expect(await store.read(stream)).toEqual([]);
        expect(await store.head()).toBe(head);
      });

      it('refuses streams of the system, revisions that are none, and appends of nothing', async () => {
        for (const stream of ['', '$all', '$$stream'])
          await expect(store.append(stream, NO_STREAM, [anEvent()])).rejects.toBeInstanceOf(InvalidAppend);
        for (const revision of [-2, 1.5, Number.NaN, 2 ** 60])
          await expect(store.append(aStream(), revision, [anEvent()])).rejects.toBeInstanceOf(InvalidAppend);
        await expect(store.append(aStream(), NO_STREAM, [])).rejects.toBeInstanceOf(InvalidAppend);
      });
    });

    describe('the whole log', () => {
      it('hands over everything after a position, in order of position, in batches', async () => {
        const after = await store.head();
        const streams = [aStream(), aStream(), aStream()];
        await Promise.all(
          streams.map(async (stream) => {
            for (let revision = NO_STREAM; revision < 29; revision += 3)
              await store.append(stream, revision, events(3));
          }),
        );
        const batches: (readonly RecordedEvent[])[] = [];
        for await (const batch of store.readAll({ after, batchSize: 20 })) batches.push(batch);
        const all = batches.flat();
        expect(Math.max(...batches.map(({ length }) => length))).toBeLessThanOrEqual(20);
        expect(all).toHaveLength(90);
        expect(all.every(({ position }, index) => position > (all[index - 1]?.position ?? after))).toBe(true);
        for (const stream of streams)
          expect(all.filter((event) => event.stream === stream)).toEqual(await store.read(stream));
        expect(await store.head()).toBe(all.at(-1)?.position);
        const middle = all[40] as RecordedEvent;
        expect(await everything(store.readAll({ after: middle.position }))).toEqual(all.slice(41));
        expect(await everything(store.readAll({ after: await store.head() }))).toEqual([]);
      });

      it('answers the event at a position that it has answered before', async () => {
        const stream = aStream();
        const { position } = await store.append(stream, NO_STREAM, events(3));
        const read = await store.read(stream);
        for (const event of read) expect(await store.at(event.position)).toEqual(event);
        expect(read.at(-1)?.position).toBe(position);
      });

      it('starts at the first event without a position', async () => {
        await store.append(aStream(), NO_STREAM, [anEvent()]);
        const [first] = (await everything(store.readAll({ batchSize: 200 }))) as [RecordedEvent];
        expect((await everything(store.readAll({ after: 0 })))[0]).toEqual(first);
        expect(first.position).toBeGreaterThan(0);
        expect(first.type.startsWith('$')).toBe(false);
      });
    });

    describe('following', () => {
      it('catches up, says so with an empty batch, then hands over what is appended', async () => {
        const stream = aStream();
        const after = await store.head();
        await store.append(stream, NO_STREAM, events(1_200));
        const stop = new AbortController();
        const seen: RecordedEvent[] = [];
        let seenAtCaughtUp = -1;
        for await (const batch of store.follow({ after, signal: stop.signal })) {
          // Long enough for every buffer on the way to fill up.
          if (seen.length === 0) await sleep(500);
          seen.push(...batch);
          if (batch.length === 0 && seenAtCaughtUp < 0) {
            seenAtCaughtUp = seen.length;
            await store.append(stream, 1_199, events(10));
          }
          if (seen.length === 1_210) stop.abort();
        }
        expect(seenAtCaughtUp).toBe(1_200);
        expect(seen).toEqual(await store.read(stream));
      });

      it('says at once that an empty rest is handed over', async () => {
        await store.append(aStream(), NO_STREAM, [anEvent()]);
        const stop = new AbortController();
        for await (const batch of store.follow({ after: await store.head(), signal: stop.signal })) {
          expect(batch).toEqual([]);
          stop.abort();
        }
      });

      it('P6: hands over 1,000 concurrent appends once and in order to a slow consumer', async () => {
        const after = await store.head();
        let pauses = 0;
        const following = followUntil(store, after, 1_000, {
          pause: () => sleep(pauses++ < 40 ? 5 : 0),
        });
        const streams = Array.from({ length: 50 }, () => aStream());
        await Promise.all(
          streams.map(async (stream) => {
            for (let revision = NO_STREAM; revision < 19; revision += 1)
              await store.append(stream, revision, [anEvent({ stream, revision: revision + 1 })]);
          }),
        );
        const seen = await following;
        expect(seen).toEqual(await everything(store.readAll({ after })));
        expect(seen).toHaveLength(1_000);
        expect(new Set(seen.map(({ position }) => position)).size).toBe(1_000);
      });

      it('resumes after any event it has handed over', async () => {
        const after = await store.head();
        await store.append(aStream(), NO_STREAM, events(30));
        const all = await everything(store.readAll({ after }));
        for (const index of [0, 7, 28])
          expect(await followUntil(store, all[index]?.position as number, 29 - index)).toEqual(
            all.slice(index + 1),
          );
      });

      it('ends on abort: while waiting, before it began, and in the middle of events', async () => {
        await store.append(aStream(), NO_STREAM, events(20));
        const waiting = new AbortController();
        for await (const batch of store.follow({ after: await store.head(), signal: waiting.signal }))
          if (batch.length === 0) setImmediate(() => waiting.abort());
        const before = AbortSignal.abort();
        expect(await everything(store.follow({ after: 0, signal: before }))).toEqual([]);
        const middle = new AbortController();
        let batches = 0;
        for await (const _ of store.follow({ after: 0, signal: middle.signal })) {
          batches += 1;
          middle.abort();
        }
        expect(batches).toBe(1);
      });

      it('serves several followers at once', async () => {
        const after = await store.head();
        const followers = [1, 2, 3].map(() => followUntil(store, after, 20));
        await store.append(aStream(), NO_STREAM, events(20));
        const [first, ...others] = await Promise.all(followers);
        for (const other of others) expect(other).toEqual(first);
      });
    });

    describe('retention', () => {
      it('answers only the newest events, keeps counting revisions, still knows old appends', async () => {
        const stream = aStream('technical');
        const three = events(3);
        await store.append(stream, NO_STREAM, three);
        await store.retain(stream, { maxCount: 2 });
        const revisions = async () => (await store.read(stream)).map(({ revision }) => revision);
        expect(await revisions()).toEqual([1, 2]);
        expect((await store.append(stream, 2, [anEvent()])).revision).toBe(3);
        expect(await revisions()).toEqual([2, 3]);
        expect((await store.append(stream, NO_STREAM, three)).revision).toBe(2);
        expect((await store.append(stream, NO_STREAM, three.slice(0, 1))).revision).toBe(0);
        expect(await revisions()).toEqual([2, 3]);
      });

      it('may be set before the stream exists and set again', async () => {
        const stream = aStream('technical');
        await store.retain(stream, { maxCount: 1 });
        await store.retain(stream, { maxCount: 1 });
        await store.append(stream, NO_STREAM, events(3));
        expect(await store.read(stream)).toHaveLength(1);
        await store.retain(stream, { maxCount: 2 });
        expect(await store.read(stream)).toHaveLength(2);
      });

      it('answers no event older than asked for', async () => {
        const stream = aStream('technical');
        await store.append(stream, NO_STREAM, events(2));
        await store.retain(stream, { maxAgeSeconds: 1 });
        const deadline = Date.now() + 5_000;
        while ((await store.read(stream)).length > 0 && Date.now() < deadline) await sleep(100);
        expect(await store.read(stream)).toEqual([]);
        expect((await store.append(stream, 1, [anEvent()])).revision).toBe(2);
      });
    });

    it('is healthy', async () => {
      expect(await store.health()).toEqual({ ok: true });
    });

    it('keeps everything over closing and opening', async () => {
      const stream = aStream();
      const written = events(3);
      const appended = await store.append(stream, NO_STREAM, written);
      const head = await store.head();
      store = await opened.reopen();
      expect(await store.head()).toBe(head);
      expect((await store.read(stream)).map(({ id }) => id)).toEqual(written.map(({ id }) => id));
      expect(await store.append(stream, NO_STREAM, written)).toEqual(appended);
      const next = await store.append(stream, 2, [anEvent()]);
      expect(next.position).toBeGreaterThan(head);
    });
  });
};
