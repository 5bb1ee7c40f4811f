// A process that locks a folder or opens a file in it, and says how that went: see libs/sqlite/src/*.spec.ts.
import { Database, FolderLock } from '#sqlite';

const [what, path] = process.argv.slice(2) as ['lock' | 'open', string];
try {
  const held = what === 'lock' ? FolderLock.take(path) : Database.open(path, { kind: 'TEST', durable: true });
  process.stdout.write('taken\n');
  process.stdin.resume().on('end', () => ('release' in held ? held.release() : held.close()));
} catch (error) {
  process.stdout.write(`${(error as Error).name}: ${(error as Error).message}\n`);
}
