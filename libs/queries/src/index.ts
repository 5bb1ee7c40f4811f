export * from './lists.ts';
export * from './queries.ts';
