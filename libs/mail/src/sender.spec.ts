import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { DocumentStore } from '#read-models';
import { type Scratch, scratchDocuments } from '../../../test/support/scratch-documents.ts';
import {
  type Mail,
  MailFailure,
  mailboxIndexes,
  Outbox,
  type OutboxEntry,
  outboxIndexes,
  Sender,
  type SenderOptions,
  sandboxMailbox,
} from './index.ts';

const minute = 60_000;
let scratch: Scratch;
let store: DocumentStore;
let now: number;
let outbox: Outbox;
let sender: Sender;
let sent: Mail[];
let results: string[];
let answer: (mail: Mail) => Promise<void> | void;
const clock = { now: () => now };

beforeEach(async () => {
  scratch = await scratchDocuments({ outbox: outboxIndexes, mail: mailboxIndexes });
  store = scratch.store;
  now = Date.UTC(2026, 0, 1);
  outbox = new Outbox(store, clock);
  sent = [];
  results = [];
  answer = () => {};
  sender = made();
  sender.start();
});
afterEach(async () => {
  await sender.stop();
  await scratch.close();
});

const made = (over: Partial<SenderOptions> = {}): Sender =>
  new Sender({
    outbox,
    clock,
    transport: {
      send: async (mail) => {
        await answer(mail);
        sent.push(mail);
      },
    },
    compose: async ({ _id, kind }) => ({
      id: _id,
      kind,
      to: { name: '', address: 'ada@example.com' },
      subject: 'Hello',
      text: 'Hello',
      html: '<p>Hello</p>',
      links: [],
    }),
    onResult: async ({ _id }, result) => {
      results.push(`${_id} ${result}`);
    },
    random: () => 0.5,
    ...over,
  });

const entry = (_id: string): OutboxEntry => ({
  _id,
  kind: 'invitation',
  event: { stream: 'invitation-inv_1', revision: 0, id: 'e1' },
});
const fail = (kind: 'permanent' | 'temporary' | 'unreachable', code?: number) => () => {
  throw new MailFailure(kind, 'no', code);
};
const replace = async (over: Partial<SenderOptions>) => {
  await sender.stop();
  sender = made(over);
  sender.start();
};

describe('the outbox', () => {
  it('P8: sends what is in it once and tells the result before forgetting it', async () => {
    await outbox.enqueue(Array.from({ length: 20 }, (_, index) => entry(`m${index}`)));
    await sender.idle();
    expect(sent.map(({ id }) => id).sort()).toEqual(Array.from({ length: 20 }, (_, i) => `m${i}`).sort());
    expect(results).toHaveLength(20);
    expect(new Set(results).size).toBe(20);
    expect(await outbox.size()).toBe(0);
  });

  it('P8: the same entry twice is one mail', async () => {
    await sender.stop();
    await outbox.enqueue([entry('m1')]);
    await outbox.enqueue([entry('m1'), entry('m1')]);
    sender.start();
    await sender.idle();
    expect(sent).toHaveLength(1);
  });

  it('P8: a server that says "later" is asked five times at most, ever later, then the mail has failed', async () => {
    answer = fail('temporary', 450);
    await outbox.enqueue([entry('m1')]);
    const waits: number[] = [];
    for (let round = 1; round <= 5; round++) {
      await sender.idle();
      const next = await outbox.nextDueAt();
      if (next === undefined) break;
      waits.push((next - now) / 1_000);
      now = next - 1;
      await sender.idle();
      expect(await outbox.nextDueAt()).toBe(next);
      now = next;
    }
    expect(waits).toEqual([30, 120, 480, 1_920]);
    expect(results).toEqual(['m1 deferred', 'm1 failed']);
    expect(await outbox.size()).toBe(0);
  });

  it('P8: a mail that is over is not sent again when its event is seen again; after a day it is forgotten', async () => {
    await outbox.enqueue([entry('m1')]);
    await sender.idle();
    await outbox.enqueue([entry('m1'), entry('m2')]);
    await sender.idle();
    expect(results).toEqual(['m1 accepted', 'm2 accepted']);
    expect(await outbox.nextDueAt()).toBeUndefined();
    now += 24 * 60 * minute - 1;
    expect(await outbox.removeExpired()).toBe(0);
    now += 1;
    expect(await outbox.removeExpired()).toBe(2);
  });

  it('P8: a final "no" bounces at once', async () => {
    answer = fail('permanent', 550);
    await outbox.enqueue([entry('m1')]);
    await sender.idle();
    expect(results).toEqual(['m1 bounced']);
    expect(await outbox.size()).toBe(0);
  });

  it('P8: nothing is given up while no server is reached, until a day has passed', async () => {
    answer = fail('unreachable');
    await outbox.enqueue([entry('m1')]);
    for (let round = 0; round < 12; round++) {
      await sender.idle();
      now = (await outbox.nextDueAt()) as number;
    }
    expect(results).toEqual(['m1 deferred']);
    answer = () => {};
    await outbox.enqueue([entry('m2')]);
    await sender.idle();
    expect(results).toEqual(['m1 deferred', ...results.slice(1)]);
    expect(results.slice(1).sort()).toEqual(['m1 accepted', 'm2 accepted']);
    answer = fail('unreachable');
    await outbox.enqueue([entry('m3')]);
    await sender.idle();
    now += 24 * 60 * minute;
    await sender.idle();
    expect(results.slice(3)).toEqual(['m3 deferred', 'm3 failed']);
  });

  it('drops what nobody needs any more', async () => {
    await replace({ compose: async () => undefined });
    await outbox.enqueue([entry('m1')]);
    await sender.idle();
    expect([sent, results, await outbox.size()]).toEqual([[], [], 0]);
  });

  it('a mail that cannot be composed now waits without counting as a try', async () => {
    const troubles: unknown[] = [];
    let broken = true;
    const good = sender;
    await good.stop();
    await replace({
      compose: async ({ _id, kind }) => {
        if (broken) throw new Error('no key store');
        return {
          id: _id,
          kind,
          to: { name: '', address: 'a@example.com' },
          subject: '',
          text: '',
          html: '',
          links: [],
        };
      },
      onTrouble: (error) => troubles.push(error),
    });
    await outbox.enqueue([entry('m1')]);
    for (let round = 0; round < 8; round++) {
      await sender.idle();
      now = (await outbox.nextDueAt()) as number;
    }
    broken = false;
    await sender.idle();
    expect(results).toEqual(['m1 deferred', 'm1 accepted']);
    expect(troubles).toHaveLength(8);
  });

  it('P8: a result that could not be told is told again; the mail is not sent again', async () => {
    let tellable = false;
    await replace({
      onResult: async ({ _id }, result) => {
        if (!tellable) throw new Error('no log');
        results.push(`${_id} ${result}`);
      },
      onTrouble: () => {},
    });
    await outbox.enqueue([entry('m1')]);
    await sender.idle();
    expect(await outbox.size()).toBe(1);
    tellable = true;
    now += minute;
    await sender.idle();
    expect(results).toEqual(['m1 accepted']);
    expect(sent).toHaveLength(1);
  });

  it('P8: what a dead sender held is taken again when its lease has run out, not before', async () => {
    const begun = new Promise<void>((resolve) => {
      answer = () => {
        resolve();
        return new Promise(() => {});
      };
    });
    await outbox.enqueue([entry('m1')]);
    sender.wake();
    await begun;
    await sender.stop(1);
    sender = made();
    const held = await store.collection<{ _id: string; attempts: number }>('outbox').findOne({ _id: 'm1' });
    expect(held?.attempts).toBe(1);
    answer = () => {};
    sender.start();
    now += 2 * minute - 1;
    await sender.idle();
    expect(sent).toEqual([]);
    now += 1;
    await sender.idle();
    expect(sent.map(({ id }) => id)).toEqual(['m1']);
  });

  it('P8: four at once, and two senders never the same mail', async () => {
    let active = 0;
    let most = 0;
    answer = async () => {
      most = Math.max(most, ++active);
      await new Promise(setImmediate);
      active--;
    };
    const second = made();
    second.start();
    await outbox.enqueue(Array.from({ length: 60 }, (_, index) => entry(`m${index}`)));
    await Promise.all([sender.idle(), second.idle()]);
    await second.stop();
    expect(new Set(sent.map(({ id }) => id)).size).toBe(60);
    expect(sent).toHaveLength(60);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(8);
  });

  it('P8: what was claimed is sent at once, though a claim beside it failed', async () => {
    await sender.stop();
    jest.spyOn(outbox, 'claim').mockImplementationOnce(() => Promise.reject(new Error('away')));
    await outbox.enqueue([entry('m1'), entry('m2')]);
    sender = made();
    sender.start();
    await sender.idle();
    expect(sent.map(({ id }) => id).sort()).toEqual(['m1', 'm2']);
  });

  it('stops after answering what is in flight', async () => {
    let finish: () => void = () => {};
    const begun = new Promise<void>((resolve) => {
      answer = () => {
        resolve();
        return new Promise<void>((done) => {
          finish = done;
        });
      };
    });
    await outbox.enqueue([entry('m1'), entry('m2')]);
    await replace({ parallel: 1 });
    await begun;
    const stopped = sender.stop();
    finish();
    await stopped;
    expect(results).toHaveLength(1);
    expect(await outbox.size()).toBe(1);
  });
});

describe('the sandbox mailbox', () => {
  it('keeps mails, latest first, by recipient and kind, over a restart', async () => {
    const mail = (id: string, kind: string, address: string): Mail => ({
      id,
      kind,
      to: { name: 'N', address },
      subject: id,
      text: 't',
      html: 'h',
      links: ['https://x/?token=1'],
    });
    const mailbox = sandboxMailbox(store, clock);
    await mailbox.send(mail('m1', 'invitation', 'ada@example.com'));
    await mailbox.send(mail('m2', 'invitation', 'bob@example.com'));
    await mailbox.send(mail('m3', 'email_verification', 'ada@example.com'));
    await mailbox.send(mail('m2', 'invitation', 'bob@example.com'));
    const again = sandboxMailbox(store, clock);
    expect((await again.list()).map(({ subject }) => subject)).toEqual(['m2', 'm3', 'm1']);
    expect((await again.list({ to: 'ada@example.com' })).map(({ subject }) => subject)).toEqual(['m3', 'm1']);
    expect(await again.list({ to: 'ada@example.com', kind: 'invitation', limit: 1 })).toEqual([
      {
        kind: 'invitation',
        to: 'ada@example.com',
        subject: 'm1',
        text: 't',
        html: 'h',
        links: ['https://x/?token=1'],
        sentAt: '2026-01-01T00:00:00.000Z',
      },
    ]);
  });
});
