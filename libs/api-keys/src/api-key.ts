import { type Decider, type Event, notFound, type Refusal, refuse, unreachable } from '#kernel';

/** What a key may be: never more than whoever makes it, so never an Owner (ROL-04). */
export type ApiKeyRole = 'administrator' | 'auditor' | 'standard_user';

interface About {
  readonly apiKeyId: string;
  readonly organizationId: string;
}

/** The key itself is nowhere: who has it proves it by its hash. */
export type ApiKeyEvent =
  | Event<
      'ApiKeyCreated',
      About & {
        name: string;
        role: ApiKeyRole;
        tokenHash: string;
        createdAt: string;
        /** Null: it works until it is revoked. */
        expiresAt: string | null;
      }
    >
  | Event<'ApiKeyRevoked', About & { name: string }>;

interface Made extends About {
  readonly name: string;
  readonly role: ApiKeyRole;
  readonly tokenHash: string;
  readonly expiresAt: string | null;
}

export type ApiKey = { readonly status: 'unknown' } | ({ readonly status: 'active' | 'revoked' } & Made);

export type ApiKeyCommand = ({ readonly type: 'CreateApiKey' } & Made) | { readonly type: 'RevokeApiKey' };

const expiresInThePast: Refusal = refuse(
  'invalid',
  'expires_in_the_past',
  'A key that has expired already is of no use; name a later time.',
);

const evolve = (state: ApiKey, event: ApiKeyEvent): ApiKey => {
  switch (event.type) {
    case 'ApiKeyCreated': {
      const { apiKeyId, organizationId, name, role, tokenHash, expiresAt } = event.data;
      return { status: 'active', apiKeyId, organizationId, name, role, tokenHash, expiresAt };
    }
    case 'ApiKeyRevoked':
      return state.status === 'unknown' ? state : { ...state, status: 'revoked' };
    default:
      return unreachable(event, state);
  }
};

/** Decided from the time of the request, so that an expired key needs nobody to end it. */
export const works = (state: ApiKey, now: string): state is Extract<ApiKey, Made> =>
  state.status === 'active' && (state.expiresAt === null || now < state.expiresAt);

export const apiKey: Decider<ApiKey, ApiKeyCommand, ApiKeyEvent> = {
  category: 'api_key',
  initial: { status: 'unknown' },
  evolve,
  organizationOf: (state) => (state.status === 'unknown' ? null : state.organizationId),
  decide: (command, state, { now }) => {
    switch (command.type) {
      case 'CreateApiKey': {
        if (state.status !== 'unknown') return [];
        const { type: _type, ...made } = command;
        if (made.expiresAt !== null && made.expiresAt <= now) return expiresInThePast;
        return [{ type: 'ApiKeyCreated', data: { ...made, createdAt: now } }];
      }
      case 'RevokeApiKey': {
        if (state.status === 'unknown') return notFound;
        const { apiKeyId, organizationId, name } = state;
        return state.status === 'revoked'
          ? []
          : [{ type: 'ApiKeyRevoked', data: { apiKeyId, organizationId, name } }];
      }
      default:
        return unreachable(command, []);
    }
  },
};
