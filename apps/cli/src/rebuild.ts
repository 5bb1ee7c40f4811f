import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '#settings';
import { FolderLock } from '#sqlite';
import type { Terminal } from './run.ts';

export const rebuild = async ({ dataDir, mongodbUrl }: Settings, { out, err }: Terminal): Promise<number> => {
  if (mongodbUrl) {
    err(
      'rebuild drops the embedded read models; with MONGODB_URL use POST /v1/operations/projections/NAME/rebuild.',
    );
    return 1;
  }
  const file = join(dataDir, 'read-models.db');
  if (!existsSync(file)) {
    err(`There are no read models in ${dataDir}.`);
    return 1;
  }
  const lock = FolderLock.take(dataDir);
  try {
    for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true });
  } finally {
    lock.release();
  }
  out('The read models are dropped; the next start makes them anew from the log.');
  return 0;
};
