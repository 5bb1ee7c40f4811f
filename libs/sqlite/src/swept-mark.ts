import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';

const markOf = (path: string): string => `${path}-swept`;

const stateOf = (path: string): string => {
  const { ino, size, mtimeNs } = statSync(path, { bigint: true });
  return [ino, size, mtimeNs].join(' ');
};

/** Says of a file that is closed that deleted content has left nothing in its pages. Without it, they are looked at. */
export const leaveSweptMark = (path: string): void => {
  try {
    writeFileSync(markOf(path), stateOf(path));
  } catch {
    // The disk is full, or gone.
  }
};

/** Takes the mark away before anything is written. @returns whether it was there, and of the file as it is now */
export const takeSweptMark = (path: string): boolean => {
  let mark: string;
  try {
    mark = readFileSync(markOf(path), 'utf8');
  } catch {
    return false;
  }
  rmSync(markOf(path));
  return mark === stateOf(path);
};
