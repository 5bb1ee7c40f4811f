export * from './address-hash.ts';
export * from './link-tokens.ts';
export * from './master-key.ts';
export * from './personal-keys.ts';
export * from './personal-seal.ts';
