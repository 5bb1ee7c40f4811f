import { randomBytes } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DocumentStore } from '#read-models';
import { MasterKey } from '#tokens';
import { type Scratch, scratchDocuments } from '../../../test/support/scratch-documents.ts';
import { Sessions, sessionIndexes } from './index.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const master = new MasterKey(Buffer.alloc(32, 1));

let scratch: Scratch;
let store: DocumentStore;
let now: number;
const clock = { now: () => now };
beforeEach(async () => {
  scratch = await scratchDocuments({ sessions: sessionIndexes });
  store = scratch.store;
  now = Date.UTC(2026, 0, 1);
});
afterEach(() => scratch.close());

const open = async (sessions: Sessions, userId = 'usr_1') => {
  const created = await sessions.create({ userId, epoch: await sessions.epoch(userId) });
  if (!created) throw new Error('no session');
  return created;
};

/** The store, with some calls of its collections answered otherwise. */
const storeWith = (instead: Record<string, (real: Call, ...given: never[]) => unknown>) => ({
  collection: <T extends { _id: string }>(name: string) =>
    new Proxy(store.collection<T>(name), {
      get: (target, property) => {
        const value = Reflect.get(target, property);
        if (typeof value !== 'function') return value;
        const real: Call = value.bind(target);
        const other = instead[property as string];
        return other ? (...given: never[]) => other(real, ...given) : real;
      },
    }),
});
type Call = (...given: unknown[]) => unknown;

describe('sessions', () => {
  it('know the person, survive a restart, and keep the token nowhere', async () => {
    const sessions = new Sessions(store, master, clock);
    const created = await sessions.create({
      userId: 'usr_1',
      epoch: 0,
      sourceIp: '192.0.2.1',
      userAgent: 'x'.repeat(1_000),
    });
    expect(created?.token).toMatch(/^ols_[A-Za-z0-9_-]{43}$/);
    expect(created?.expiresAt).toBe(now + 30 * day);
    const session = await new Sessions(store, master, clock).verify(created?.token as string);
    expect(session).toEqual({
      sessionId: created?.sessionId,
      userId: 'usr_1',
      createdAt: now,
      lastSeenAt: now,
      expiresAt: now + 30 * day,
      sourceIp: '192.0.2.1',
      userAgent: 'x'.repeat(256),
      secondFactor: false,
      mustEnrol: false,
    });
    const kept = JSON.stringify(await store.collection('sessions').find({}).toArray());
    expect(kept).not.toContain(created?.token.slice(4));
  });

  it('end after 12 hours without a request', async () => {
    const sessions = new Sessions(store, master, clock);
    const { token } = await open(sessions);
    now += 12 * hour - 1;
    expect(await sessions.verify(token)).toBeDefined();
    now += 12 * hour - 1;
    expect(await sessions.verify(token)).toBeDefined();
    now += 12 * hour;
    expect(await sessions.verify(token)).toBeUndefined();
    expect(await store.collection('sessions').countDocuments({})).toBe(0);
  });

  it('end after 30 days however busy', async () => {
    const sessions = new Sessions(store, master, clock);
    const { token } = await open(sessions);
    for (let half = 1; half < 60; half++) {
      now += day / 2 - 1;
      expect(await sessions.verify(token)).toBeDefined();
    }
    now += day / 2 + 60;
    expect(await sessions.verify(token)).toBeUndefined();
  });

  /** The store, and what is written with one call of it. */
  const watched = () => {
    const writes: (readonly object[])[] = [];
    const watching = storeWith({
      bulkWrite: (real, updates: readonly object[]) => {
        writes.push(updates);
        return real(updates);
      },
    });
    return { watching, writes };
  };

  it('write when they were seen once a minute at most', async () => {
    const { watching, writes } = watched();
    const sessions = new Sessions(watching, master, clock);
    const { token } = await open(sessions);
    for (let second = 0; second < 300; second++) {
      now += 1_000;
      expect(await sessions.verify(token)).toBeDefined();
      await sessions.list('usr_1');
    }
    expect(writes.flat()).toHaveLength(5);
  });

  it('those that were seen about the same time are written down together, before anybody looks', async () => {
    const { watching, writes } = watched();
    const sessions = new Sessions(watching, master, clock);
    const tokens = [await open(sessions), await open(sessions), await open(sessions)];
    now += minute;
    for (const { token } of tokens) await sessions.verify(token);
    expect(await sessions.list('usr_1')).toMatchObject(tokens.map(() => ({ lastSeenAt: now })));
    expect(writes).toHaveLength(1);
    expect(writes.flat()).toHaveLength(3);
    now += 12 * hour - 1;
    expect(await new Sessions(store, master, clock).verify(tokens[0]?.token as string)).toBeDefined();
  });

  it('whoever looks or cleans up waits for what is being written down', async () => {
    const slow = storeWith({
      bulkWrite: async (real, ...given) => {
        for (let turn = 0; turn < 50; turn++) await nextTurn();
        return real(...given);
      },
    });
    const sessions = new Sessions(slow, master, clock);
    const { token } = await open(sessions);
    now += 12 * hour - 1;
    await sessions.verify(token);
    now += minute;
    const [, listed] = await Promise.all([sessions.list('usr_1'), sessions.list('usr_1')]);
    expect(listed).toMatchObject([{ lastSeenAt: now - minute }]);
    now += 12 * hour - 2 * minute;
    await sessions.verify(token);
    now += minute + 1;
    const [, removed] = await Promise.all([sessions.list('usr_1'), sessions.removeExpired()]);
    expect(removed).toBe(0);
  });

  it('are written down by themselves, and read again where that fails', async () => {
    const failed = Promise.withResolvers<void>();
    let reads = 0;
    const failing = storeWith({
      findOne: (real, ...given) => {
        reads += 1;
        return real(...given);
      },
      bulkWrite: () => {
        failed.resolve();
        return Promise.reject(new Error('the disk is full'));
      },
    });
    const sessions = new Sessions(failing, master, clock, { cacheFor: 60_000 });
    const { token } = await open(sessions);
    now += minute;
    await sessions.verify(token);
    await failed.promise;
    await nextTurn();
    reads = 0;
    expect(await sessions.verify(token)).toMatchObject({ lastSeenAt: now });
    expect(reads).toBe(1);
  });

  it('P14: 1,000 forged tokens open nothing', async () => {
    const sessions = new Sessions(store, master, clock);
    const { token, sessionId } = await open(sessions);
    const forged = [
      '',
      'ols_',
      token.slice(0, -1),
      `${token}x`,
      token.toLowerCase(),
      token.replace('ols_', 'OLS_'),
      sessionId,
      `ols_${sessionId.slice(4)}AAAAAAAAAAA`,
      `${token}\n`,
    ];
    for (let at = 4; at < token.length; at++)
      forged.push(token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1));
    while (forged.length < 1_000) forged.push(`ols_${randomBytes(32).toString('base64url')}`);
    const opened = [];
    for (const forgery of forged) if (await sessions.verify(forgery)) opened.push(forgery);
    expect(opened).toEqual([]);
    expect(await sessions.verify(token)).toBeDefined();
  });

  it('AMB-24: a revoked session is over at once here and after the cache time elsewhere', async () => {
    const here = new Sessions(store, master, clock);
    const elsewhere = new Sessions(store, master, clock, { cacheFor: 0 });
    const { token, sessionId } = await open(here);
    expect(await here.verify(token)).toBeDefined();
    expect(await elsewhere.verify(token)).toBeDefined();
    await here.revoke(sessionId);
    expect(await here.verify(token)).toBeUndefined();
    expect(await elsewhere.verify(token)).toBeUndefined();
  });

  it('AMB-24: another process honours a revoked session for less than a second', async () => {
    const here = new Sessions(store, master, clock);
    const elsewhere = new Sessions(store, master, clock);
    const { token, sessionId } = await open(here);
    await elsewhere.verify(token);
    await here.revoke(sessionId);
    const revokedAt = performance.now();
    while (await elsewhere.verify(token)) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(performance.now() - revokedAt).toBeLessThan(1_000);
  });

  it('AMB-24: all sessions of a person end together, but for the one that asked and those of others', async () => {
    const sessions = new Sessions(store, master, clock);
    const mine = [];
    for (let count = 0; count < 20; count++) mine.push(await open(sessions));
    const other = await open(sessions, 'usr_2');
    for (const { token } of mine) await sessions.verify(token);
    expect(await sessions.list('usr_1')).toHaveLength(20);
    await sessions.revokeAll('usr_1', { except: mine[7]?.sessionId });
    const open_ = [];
    for (const [index, { token }] of mine.entries()) if (await sessions.verify(token)) open_.push(index);
    expect(open_).toEqual([7]);
    expect(await sessions.verify(other.token)).toBeDefined();
    await sessions.revokeAll('usr_1');
    expect(await sessions.list('usr_1')).toEqual([]);
  });

  it('AMB-24: who was let in with what was revoked meanwhile gets no session', async () => {
    const sessions = new Sessions(store, master, clock);
    const epoch = await sessions.epoch('usr_1');
    await sessions.revokeAll('usr_1');
    expect(await sessions.create({ userId: 'usr_1', epoch })).toBeUndefined();
    const races = Array.from({ length: 20 }, async (_, index) => {
      const userId = `usr_race${index}`;
      const before = await sessions.epoch(userId);
      const [created] = await Promise.all([
        sessions.create({ userId, epoch: before }),
        sessions.revokeAll(userId),
      ]);
      return created ? sessions.verify(created.token) : undefined;
    });
    expect((await Promise.all(races)).filter(Boolean)).toEqual([]);
  });

  it('a known session costs microseconds', async () => {
    const sessions = new Sessions(store, master, clock, { cacheFor: 60_000 });
    const { token } = await open(sessions);
    await sessions.verify(token);
    const started = performance.now();
    for (let count = 0; count < 20_000; count++) await sessions.verify(token);
    expect((performance.now() - started) / 20_000).toBeLessThan(0.1);
  });

  it('leave nothing behind', async () => {
    const sessions = new Sessions(store, master, clock);
    await open(sessions);
    now += 11 * hour;
    await open(sessions);
    now += hour;
    expect(await sessions.removeExpired()).toBe(1);
    now += 40 * day;
    expect(await sessions.removeExpired()).toBe(1);
  });
});

describe('cookie mode', () => {
  it('needs the token of this very session', () => {
    const sessions = new Sessions(store, master, clock);
    const token = sessions.csrfToken({ sessionId: 'ses_1' });
    expect(sessions.csrfMatches({ sessionId: 'ses_1' }, token)).toBe(true);
    expect(sessions.csrfMatches({ sessionId: 'ses_2' }, token)).toBe(false);
    for (const wrong of [undefined, '', token.slice(1), 'é'.repeat(token.length)])
      expect(sessions.csrfMatches({ sessionId: 'ses_1' }, wrong)).toBe(false);
  });

  it('SEC-05: a second factor that was set up in one session ends those without one', async () => {
    const sessions = new Sessions(store, master, clock);
    const [here, there] = [await open(sessions), await open(sessions)];
    const epoch = await sessions.epoch('usr_1');
    await sessions.proved('usr_1', here.sessionId);
    expect(await sessions.verify(here.token)).toMatchObject({ secondFactor: true, mustEnrol: false });
    expect(await sessions.verify(there.token)).toBeUndefined();
    expect(await sessions.create({ userId: 'usr_1', epoch })).toBeUndefined();
    await sessions.proved('usr_1', undefined);
    expect(await sessions.verify(here.token)).toMatchObject({ secondFactor: true });
  });
});
