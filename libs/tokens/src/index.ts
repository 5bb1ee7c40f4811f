export * from './address-hash.ts';
export { UnusableMasterKey } from './key-files.ts';
export * from './link-tokens.ts';
export * from './master-key.ts';
export { rotateMasterKey } from './master-key-rotation.ts';
export * from './personal-keys.ts';
export * from './personal-seal.ts';
