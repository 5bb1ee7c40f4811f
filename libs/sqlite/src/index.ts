export * from './database.ts';
export { UnusableFile } from './database-file.ts';
export * from './folder-lock.ts';
export { Folding } from './folding.ts';
export * from './group-commit.ts';
export * from './sync-folder.ts';
export { giveWay, startThread } from './thread.ts';
