import type { EventStore } from '#event-store';
import type { OrganizationRole } from '#kernel';
import { begin } from './history.ts';

const BEGINNING = '2025-01-01T00:00:00.000Z';

export const numbered = (prefix: string, n: number): string => `${prefix}_${String(n).padStart(32, '0')}`;

export interface Seeded {
  readonly userId: string;
  readonly email: string;
}

/** Writes history straight into the log of a running product: whom many tests need and none is about. */
export class Seeds {
  readonly #store: EventStore;
  readonly #hash: (address: string) => string;

  constructor(store: EventStore, hash: (address: string) => string) {
    this.#store = store;
    this.#hash = hash;
  }

  async #write(stream: string, organizationId: string | null, events: readonly [string, object][]) {
    const about = {
      actor: { type: 'system', id: 'orgledger' },
      source: 'system',
      organizationId,
      occurredAt: BEGINNING,
    } as const;
    const happened = events.map(([type, data]) => ({ type, data }));
    await begin(this.#store, stream, about, happened);
  }

  async organization(n: number, ownerId: string, domain: string): Promise<string> {
    const organizationId = numbered('org', n);
    const domainId = numbered('dom', n);
    const named = { domainId, organizationId, domain };
    await this.#write(`organization-${organizationId}`, organizationId, [
      ['OrganizationCreated', { organizationId, name: `Organization ${n}`, ownerId, via: 'sign_up' }],
    ]);
    await this.#write(`domain-${domainId}`, organizationId, [
      ['DomainAdded', { ...named, method: 'dns_txt', token: 't', skeleton: domain, addedAt: BEGINNING }],
      ['DomainVerified', { ...named, method: 'dns_txt', evidence: 't', verifiedAt: BEGINNING }],
    ]);
    await this.#write(`claim.domain-${domain}`, organizationId, [
      ['ClaimReserved', { holder: domainId, organizationId, reservedAt: BEGINNING }],
    ]);
    return organizationId;
  }

  /** Somebody with a verified address, in an organization or in none. */
  async person(
    n: number,
    domain: string,
    home: { readonly organizationId: string; readonly role: OrganizationRole } | null,
  ): Promise<Seeded> {
    const userId = numbered('usr', n);
    const email = `p${n}@${domain}`;
    const called = { userId, email, domain, givenName: `P${n}`, familyName: 'Ray' };
    const organizationId = home?.organizationId ?? null;
    await this.#write(`user-${userId}`, organizationId, [
      [
        'UserRegistered',
        {
          ...called,
          registeredAt: BEGINNING,
          status: 'active',
          via: 'sign_up',
          founds: null,
          joinsAfterVerification: null,
        },
      ],
      ['EmailVerified', { userId, via: 'verification_link', joins: null }],
      ...(home
        ? [
            [
              'UserJoinedOrg',
              {
                ...called,
                ...home,
                via: 'import',
                invitationId: null,
                joinedAt: BEGINNING,
                ownedAccountIds: [],
              },
            ] as [string, object],
          ]
        : []),
    ]);
    await this.#write(`claim.email-${this.#hash(email)}`, organizationId, [
      ['ClaimReserved', { holder: userId, organizationId, reservedAt: BEGINNING }],
    ]);
    return { userId, email };
  }
}
