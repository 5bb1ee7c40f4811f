import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { operatorTokenOf } from '#application';
import type { Settings } from '#settings';
import { MasterKey } from '#tokens';
import type { Terminal } from './run.ts';

export const operatorToken = async (
  { masterKeyFile, dataDir }: Settings,
  { out, err }: Terminal,
): Promise<number> => {
  const file = masterKeyFile ?? join(dataDir, 'master.key');
  if (!existsSync(file)) {
    err(`There is no master key at ${file}; the first start makes one.`);
    return 1;
  }
  out(operatorTokenOf(MasterKey.load(masterKeyFile, dataDir)));
  return 0;
};
