export * from './policy-runner.ts';
export * from './remote-effects.ts';
