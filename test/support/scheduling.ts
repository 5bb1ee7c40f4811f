import { readdirSync, readFileSync } from 'node:fs';

/** Of the scheduler, of the threads of a process: 0 is the usual one, 3 that of batches, 5 that of the idle. */
export const classesOf = (
  pid: number,
  isMeant: (name: string) => boolean = () => true,
): ReadonlySet<string | undefined> =>
  new Set(
    readdirSync(`/proc/${pid}/task`)
      .map((thread) => readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8'))
      .filter((stat) => isMeant(stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'))))
      .map((stat) => stat.slice(stat.lastIndexOf(')')).split(' ')[39]),
  );
