export * from './commands.ts';
export * from './envelope.ts';
export * from './execution.ts';
export * from './handlers.ts';
export * from './noun.ts';
export * from './rights.ts';
