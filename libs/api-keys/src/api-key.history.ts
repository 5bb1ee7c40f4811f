import type { Catalogue } from '#kernel';
import type { ApiKeyEvent } from './api-key.ts';

export const apiKeyHistory: Catalogue<ApiKeyEvent['type']> = {
  ApiKeyCreated: {
    summary: 'An API key was made.',
    changes: [{ field: 'status', previous: null, updated: 'active' }],
  },
  ApiKeyRevoked: {
    summary: 'An API key was revoked.',
    changes: [{ field: 'status', previous: 'active', updated: 'revoked' }],
  },
};
