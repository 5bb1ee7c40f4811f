export * from './credentials.ts';
export * from './guess-limits.ts';
export * from './passwords.ts';
export * from './rate-limit.ts';
export * from './sessions.ts';
export * from './weak-passwords.ts';
