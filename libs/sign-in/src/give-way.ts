import { readdirSync, readFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

const threads = '/proc/self/task';

/**
 * The threads of Node's pool, which hash passwords, give way to the one that answers everybody: otherwise, on two
 * cores, a read waits for a slice of two hashes. Where threads cannot be told apart (not Linux), nothing is changed.
 */
export const giveWay = (): void => {
  try {
    for (const thread of readdirSync(threads))
      if (readFileSync(`${threads}/${thread}/comm`, 'utf8').startsWith('libuv-worker'))
        setPriority(Number(thread), constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // Slower reads while many sign in, and nothing else.
  }
};
