export * from './policy-runner.ts';
