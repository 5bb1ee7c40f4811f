export * from './acknowledgements.ts';
export * from './catalogue.ts';
export * from './decider.ts';
export * from './event.ts';
export * from './policy.ts';
export * from './projection.ts';
export * from './refusal.ts';
export * from './specification.ts';
