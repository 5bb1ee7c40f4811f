import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '#settings';
import { rotateMasterKey } from '#tokens';
import type { Terminal } from './run.ts';

export const rotate = async (
  { masterKeyFile, dataDir }: Settings,
  { out, err }: Terminal,
): Promise<number> => {
  const file = masterKeyFile ?? join(dataDir, 'master.key');
  if (!existsSync(file)) {
    err(`There is no master key at ${file}; the first start makes one.`);
    return 1;
  }
  out(
    rotateMasterKey(file) === 'rotated'
      ? `${file} holds a new key; together with ${file}.root it opens all that the old one opened.`
      : 'A rotation that was broken off is finished.',
  );
  return 0;
};
