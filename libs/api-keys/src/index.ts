export { type ApiKeyEvent, apiKey } from './api-key.ts';
export { ApiKeySecrets } from './api-key-secrets.ts';
export { ApiKeyUses } from './api-key-uses.ts';
export { apiKeysNoun } from './api-keys.module.ts';
export { ApiKeys } from './api-keys.ts';
