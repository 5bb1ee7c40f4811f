import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);

const tasks = '/proc/self/task';

/** Threads of V8, which collect and compile beside the program; their names are those of Node 26. */
const engineThreads = (): string[] =>
  readdirSync(tasks).filter((thread) => {
    try {
      return readFileSync(`${tasks}/${thread}/comm`, 'utf8').startsWith('node-V8Worker');
    } catch {
      // It has ended.
      return false;
    }
  });

/**
 * A thread of the engine that is woken does not push aside the one that answers, which would wait for a millisecond or
 * more while the other core hashes for those who sign in. In the class of batches it begins where nobody is at work, and
 * has its share where everybody is. What cannot be had is done without.
 */
export const engineGivesWay = async (): Promise<void> => {
  try {
    await Promise.all(engineThreads().map((thread) => run('chrt', ['--batch', '--pid', '0', thread])));
  } catch {
    // Not Linux, or without util-linux.
  }
};
