export { LIVE, type Progress } from './checkpoint.ts';
export type { Condition, Where } from './conditions.ts';
export * from './embedded/index.ts';
export * from './mongodb/index.ts';
export * from './port.ts';
export * from './projector.ts';
export * from './reader.ts';
export * from './remote-progress.ts';
export { startsWith } from './subset.ts';
