import { execFileSync } from 'node:child_process';
import { availableParallelism, constants, setPriority } from 'node:os';

/**
 * This process, with the threads that it will start, leaves the processor to whoever else wants it. A low priority alone
 * keeps what it was given for some milliseconds; the class of the idle does not, but it would starve where there
 * is one core and somebody else keeps it busy. What cannot be had is done without: reads are slower while many sign in.
 */
export const giveWay = (): void => {
  try {
    setPriority(constants.priority.PRIORITY_LOW);
    if (availableParallelism() > 1)
      execFileSync('chrt', ['--idle', '--all-tasks', '--pid', '0', String(process.pid)], { stdio: 'ignore' });
  } catch {
    // Not Linux, or without util-linux.
  }
};
