import { ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { existsSync } from 'node:fs';
import { availableParallelism, constants, getPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { classesOf, coresOf, coresToPut } from '../../../test/support/scheduling.ts';
import { Hashing, type HashingOptions, startProcess, type Task } from './hashing.ts';

const made: Hashing[] = [];
afterEach(() => {
  jest.useRealTimers();
  for (const hashing of made.splice(0)) hashing.close();
});

const hashingWith = (options: HashingOptions, parallel = 2): Hashing => {
  const hashing = new Hashing(parallel, options);
  made.push(hashing);
  return hashing;
};

const password = Buffer.from('a quiet river bends');
const argon2id = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/;

/** Remembers what it was asked, and says what the test says. */
class Silent extends EventEmitter {
  connected = true;
  readonly asked: number[] = [];
  readonly signals: string[] = [];
  send(task: Task): void {
    this.asked.push(task.id);
  }
  answer(id: number, result: string): void {
    this.emit('message', [{ id, result }]);
  }
  kill(signal: string): void {
    this.signals.push(signal);
  }
  disconnect(): void {
    this.connected = false;
  }
  ref(): void {}
  unref(): void {}
}

/** Starts silent processes, and remembers them. */
const silentOnes = () => {
  const started: Silent[] = [];
  const start = (): ChildProcess => {
    const child = new Silent();
    started.push(child);
    return child as unknown as ChildProcess;
  };
  return { started, start };
};

/** Hashing itself is not of this process's time. */
const holdTimers = () =>
  jest.useFakeTimers({ now: 0, doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });

describe('P14: a process of its own hashes', () => {
  const startOne = ({ parallel = 2, lateMs }: { parallel?: number; lateMs?: number } = {}) => {
    let child: ChildProcess | undefined;
    const start = (): ChildProcess => {
      child = startProcess(parallel);
      return child;
    };
    const hashing = hashingWith({ start, lateMs, deadlineMs: 25_000 }, parallel);
    return { hashing, child: () => child as ChildProcess };
  };

  it('and gives way to the one that answers', async () => {
    const { hashing, child } = startOne();
    const kept = await hashing.hash(password);
    expect(kept).toMatch(argon2id);
    const pid = child().pid ?? 0;
    expect(getPriority(pid)).toBe(constants.priority.PRIORITY_LOW);
    const hasClass = availableParallelism() > 1 && existsSync('/usr/bin/chrt');
    if (existsSync(`/proc/${pid}`)) expect(classesOf(pid)).toEqual(new Set([hasClass ? '5' : '0']));
    expect([await hashing.verify(kept, password), await hashing.verify(kept, Buffer.from('no'))]).toEqual([
      true,
      false,
    ]);
    await expect(hashing.verify('not a hash', password)).rejects.toThrow(Error);
  });

  it('and its threads keep to a core each where they take all of them, until somebody is late', async () => {
    const { length: parallel } = coresToPut();
    const { hashing, child } = startOne({ parallel: parallel || 1, lateMs: 500 });
    expect(await hashing.hash(password)).toMatch(argon2id);
    if (parallel === 0) return;
    const isOfPool = (name: string): boolean => name.startsWith('libuv-worker');
    const own = () => coresOf(child().pid ?? 0, isOfPool).filter((cores) => /^\d+$/.test(cores)).length;
    while (own() < parallel) await hashing.hash(password);
    const late = hashing.hash(password);
    child().kill('SIGSTOP');
    // On one core there is no difference.
    while (own() > 0 && parallel > 1) await sleep(5);
    child().kill('SIGCONT');
    expect(await late).toMatch(argon2id);
  });

  it('and answers everybody, however many ask at once', async () => {
    const { hashing, child } = startOne();
    const kept = await hashing.hash(password);
    const tried = Array.from({ length: 9 }, (_, n) => Buffer.from(n % 2 ? password : `not ${n}`));
    const answers = await Promise.all(tried.map((one) => hashing.verify(kept, one)));
    expect(answers).toEqual(tried.map((_, n) => n % 2 === 1));
    expect(child().killed).toBe(false);
  });

  it('and where it is killed, what it was asked is hashed here', async () => {
    const { hashing, child } = startOne();
    await hashing.hash(password);
    const hashes = [hashing.hash(password), hashing.hash(password)];
    child().kill('SIGKILL');
    for (const hash of hashes) expect(await hashing.verify(await hash, password)).toBe(true);
  });

  it('and where it lives but does not get on, it is ended after the deadline and what it was asked is hashed here', async () => {
    let child: ChildProcess | undefined;
    const hashing = hashingWith({
      start: (parallel) => {
        child = startProcess(parallel);
        child.kill('SIGSTOP');
        return child;
      },
      deadlineMs: 50,
    });
    const hashes = [hashing.hash(password), hashing.hash(password)];
    const ended = once(child as unknown as ChildProcess, 'exit');
    for (const hash of hashes) expect(await hash).toMatch(argon2id);
    expect(await ended).toEqual([null, 'SIGKILL']);
  });
});

describe('P14: without a process that hashes', () => {
  it('who waits does so for two seconds; for a minute all is hashed here, then another is tried', async () => {
    holdTimers();
    const { started, start } = silentOnes();
    const hashing = hashingWith({ start });
    const heard: string[] = [];
    const first = hashing.hash(password).then((hash) => heard.push(hash));
    jest.advanceTimersByTime(1_999);
    expect([started[0]?.asked, started[0]?.signals, heard]).toEqual([[1], [], []]);
    jest.advanceTimersByTime(1);
    expect(started[0]?.signals).toEqual(['SIGKILL']);
    await first;
    expect(heard).toEqual([expect.stringMatching(argon2id)]);
    started[0]?.answer(1, 'too late');
    jest.advanceTimersByTime(59_999);
    expect(await hashing.hash(password)).toMatch(argon2id);
    expect(started).toHaveLength(1);
    jest.advanceTimersByTime(1);
    const next = hashing.hash(password);
    started[1]?.answer(3, 'hashed there');
    expect([await next, started.map(({ asked }) => asked)]).toEqual(['hashed there', [[1], [3]]]);
  });

  it('one that answered in time is not ended, and is let go after a minute without work', async () => {
    holdTimers();
    const { started, start } = silentOnes();
    const hashing = hashingWith({ start });
    for (const id of [1, 2]) {
      const hash = hashing.hash(password);
      jest.advanceTimersByTime(1_999);
      started[0]?.answer(id, `hash ${id}`);
      expect(await hash).toBe(`hash ${id}`);
    }
    jest.advanceTimersByTime(59_999);
    expect([started[0]?.connected, started[0]?.signals]).toEqual([true, []]);
    jest.advanceTimersByTime(1);
    expect([started[0]?.connected, started[0]?.signals]).toEqual([false, []]);
  });

  it('who is passed by again and again waits no longer than others', async () => {
    holdTimers();
    const { started, start } = silentOnes();
    const hashing = hashingWith({ start });
    const first = hashing.hash(password);
    for (const id of [2, 3]) {
      const hash = hashing.hash(password);
      jest.advanceTimersByTime(999);
      started[0]?.answer(id, `hash ${id}`);
      expect(await hash).toBe(`hash ${id}`);
    }
    jest.advanceTimersByTime(1);
    expect(started[0]?.signals).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(started[0]?.signals).toEqual(['SIGKILL']);
    expect(await first).toMatch(argon2id);
  });

  it('the end of one that was let go does not concern what the next was asked', async () => {
    holdTimers();
    const { started, start } = silentOnes();
    const hashing = hashingWith({ start });
    const first = hashing.hash(password);
    started[0]?.answer(1, 'by the first');
    await first;
    jest.advanceTimersByTime(60_000);
    const second = hashing.hash(password);
    started[0]?.emit('exit', 0, null);
    const third = hashing.hash(password);
    started[1]?.answer(3, 'by the second too');
    started[1]?.answer(2, 'by the second');
    expect([await first, await second, await third]).toEqual([
      'by the first',
      'by the second',
      'by the second too',
    ]);
    expect(started).toHaveLength(2);
  });

  it.each([
    [
      'for want of descriptors',
      () => {
        const child = new ChildProcess();
        process.nextTick(() => child.emit('error', new Error('spawn EMFILE')));
        return child;
      },
    ],
    [
      'for want of memory or rights',
      () => {
        throw new Error('spawn ENOMEM');
      },
    ],
  ])('where it cannot be started %s, all is hashed here, the first too', async (_, start) => {
    holdTimers();
    const starting = jest.fn<() => ChildProcess>(start);
    const hashing = hashingWith({ start: starting });
    const kept = await hashing.hash(password);
    expect(kept).toMatch(argon2id);
    expect(await hashing.verify(kept, password)).toBe(true);
    expect(starting).toHaveBeenCalledTimes(1);
    jest.advanceTimersByTime(60_000);
    expect(await hashing.verify(kept, password)).toBe(true);
    expect(starting).toHaveBeenCalledTimes(2);
  });

  it('once closed none is started, and what is under way is hashed here when its process ends', async () => {
    const { started, start } = silentOnes();
    const hashing = hashingWith({ start });
    const underWay = hashing.hash(password);
    hashing.close();
    expect(started[0]?.connected).toBe(false);
    started[0]?.emit('exit', 0, null);
    expect(await underWay).toMatch(argon2id);
    expect(await hashing.hash(password)).toMatch(argon2id);
    expect(started).toHaveLength(1);
  });
});
