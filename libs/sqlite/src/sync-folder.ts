import { closeSync, fsyncSync, openSync } from 'node:fs';

/** A file's name is on the disk only when its folder is. */
export const syncFolder = (folder: string): void => {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
};
