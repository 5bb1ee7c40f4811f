export * from './recently-used.ts';
