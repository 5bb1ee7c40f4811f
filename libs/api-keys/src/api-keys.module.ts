import { mayManage, type Noun, rowsOf } from '#commands';
import { notFound } from '#kernel';
import { RevokeApiKey } from './api-key.commands.ts';
import { CreateApiKeyHandler } from './api-key.handlers.ts';
import { apiKeyHistory } from './api-key.history.ts';
import { apiKey } from './api-key.ts';
import { ApiKeysController } from './api-keys.http.ts';
import { apiKeys } from './api-keys.projection.ts';
import { ListApiKeysHandler } from './api-keys.queries.ts';
import { ApiKeys } from './api-keys.ts';

export const apiKeysNoun: Noun = {
  name: 'api-keys',
  catalogue: apiKeyHistory,
  controllers: [ApiKeysController],
  providers: [ApiKeys, CreateApiKeyHandler, ListApiKeysHandler],
  projections: [apiKeys],
  rows: [
    rowsOf(apiKey)({
      on: RevokeApiKey,
      id: ({ apiKeyId }) => apiKeyId,
      authorize: (principal, state, { organizationId }) =>
        mayManage(principal, organizationId) ??
        (apiKey.organizationOf(state) === organizationId ? undefined : notFound),
      command: () => ({ type: 'RevokeApiKey' }),
      answer: (state) => (state.status === 'unknown' ? {} : { apiKeyId: state.apiKeyId }),
    }),
  ],
};
