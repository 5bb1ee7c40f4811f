import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { eachCore } from '../../libs/sign-in/src/own-cores.ts';

/** Folders of `/proc`, of the threads of a process. */
const threadsOf = (pid: number, isMeant: (name: string) => boolean): string[] =>
  readdirSync(`/proc/${pid}/task`)
    .map((thread) => `/proc/${pid}/task/${thread}`)
    .filter((thread) => isMeant(readFileSync(`${thread}/comm`, 'utf8').trim()));

/** Of the scheduler, of the threads of a process: 0 is the usual one, 3 that of batches, 5 that of the idle. */
export const classesOf = (
  pid: number,
  isMeant: (name: string) => boolean = () => true,
): ReadonlySet<string | undefined> =>
  new Set(
    threadsOf(pid, isMeant)
      .map((thread) => readFileSync(`${thread}/stat`, 'utf8'))
      .map((stat) => stat.slice(stat.lastIndexOf(')')).split(' ')[39]),
  );

/** The cores that each thread may use, as the system writes them: `0-1`. */
export const coresOf = (pid: number, isMeant: (name: string) => boolean): string[] =>
  threadsOf(pid, isMeant).map(
    (thread) => /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync(`${thread}/status`, 'utf8'))?.[1] ?? '',
  );

/** The cores that this process may use, each; none where nobody can be put on one. */
export const coresToPut = (): string[] => {
  try {
    const [all] = coresOf(process.pid, (name) => !name.startsWith('libuv-worker')) as [string];
    execFileSync('taskset', ['--cpu-list', '--pid', all, String(process.pid)], { stdio: 'ignore' });
    return eachCore(all);
  } catch {
    return [];
  }
};
