import type { Actor, Projection } from '#kernel';
import type { ApiKeyEvent, ApiKeyRole } from './api-key.ts';

export interface ApiKeyView {
  readonly apiKeyId: string;
  readonly organizationId: string;
  readonly name: string;
  readonly role: ApiKeyRole;
  readonly createdBy: Actor;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly revision: number;
}

/** Keys that were not revoked. */
export const apiKeys: Projection<ApiKeyView, ApiKeyEvent> = {
  name: 'api-keys',
  version: 1,
  indexes: [
    { organizationId: 1, name: 1 },
    { organizationId: 1, createdAt: 1 },
  ],
  counted: { scope: 'organizationId', by: ['role'] },
  on: {
    ApiKeyCreated: {
      key: ({ data }) => data.apiKeyId,
      to: (_view, { data, metadata, revision }) => ({
        apiKeyId: data.apiKeyId,
        organizationId: data.organizationId,
        name: data.name,
        role: data.role,
        createdBy: metadata.actor,
        createdAt: data.createdAt,
        expiresAt: data.expiresAt,
        revision,
      }),
    },
    ApiKeyRevoked: { key: ({ data }) => data.apiKeyId, to: () => null },
  },
};
