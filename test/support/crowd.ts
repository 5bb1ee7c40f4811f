import type { AccountEvent } from '#accounts';
import type { ClaimEvent } from '#claims';
import { anonymous, commandIdFor, type IdPrefix, idFrom } from '#commands';
import type { DomainEvent } from '#domains';
import type { EventStore } from '#event-store';
import type { OrganizationRole } from '#kernel';
import type { OrganizationEvent } from '#organizations';
import type { UserEvent } from '#users';
import { begin } from './history.ts';

type Seeded = AccountEvent | ClaimEvent | DomainEvent | OrganizationEvent | UserEvent;

const seededAt = '2026-01-01T00:00:00.000Z';
/** As the product makes one: it tells its time. */
const newId = (prefix: IdPrefix): string => idFrom(commandIdFor(anonymous, undefined, null), prefix);

export interface Member {
  readonly userId: string;
  readonly email: string;
  readonly role: OrganizationRole;
}

export interface Founded {
  readonly organizationId: string;
  readonly ownerId: string;
  readonly members: readonly Member[];
  readonly accountIds: readonly string[];
}

export interface Wanted {
  readonly domain: string;
  /** Besides the Owner: every third an Administrator. */
  readonly members?: number;
  /** Owned by turns. */
  readonly accounts?: number;
}

/** People, organizations and domains put straight into a log, as their own events. */
export class Crowd {
  readonly #events: EventStore;
  #people = 0;

  constructor(events: EventStore) {
    this.#events = events;
  }

  async #append(stream: string, organizationId: string | null, actor: string, ...seeded: Seeded[]) {
    const about = {
      actor: { type: 'user', id: actor },
      source: 'api',
      organizationId,
      occurredAt: seededAt,
    } as const;
    await begin(this.#events, stream, about, seeded);
  }

  /** Somebody with an address of the domain, in an organization or in none. */
  async person(domain: string, home?: { organizationId: string; role: OrganizationRole }): Promise<Member> {
    this.#people += 1;
    const userId = newId('usr');
    const email = `p${this.#people}@${domain}`;
    const called = { userId, email, domain, givenName: 'Pat', familyName: `Nr ${this.#people}` };
    const registered: UserEvent = {
      type: 'UserRegistered',
      data: {
        ...called,
        registeredAt: seededAt,
        joinsAfterVerification: null,
        status: 'active',
        via: 'sign_up',
        founds: null,
      },
    };
    const proved: UserEvent = {
      type: 'EmailVerified',
      data: { userId, via: 'verification_link', joins: null },
    };
    const joined: UserEvent[] = home
      ? [
          {
            type: 'UserJoinedOrg',
            data: {
              ...called,
              ...home,
              via: 'sign_up',
              invitationId: null,
              joinedAt: seededAt,
              emailVerified: true,
              ownedAccountIds: [],
            },
          },
        ]
      : [];
    await this.#append(`user-${userId}`, home?.organizationId ?? null, userId, registered, proved, ...joined);
    return { userId, email, role: home?.role ?? 'standard_user' };
  }

  async organization({ domain, members = 0, accounts = 1 }: Wanted): Promise<Founded> {
    const organizationId = newId('org');
    const roles: OrganizationRole[] = ['owner'];
    for (let n = 0; n < members; n += 1) roles.push(n % 3 === 0 ? 'administrator' : 'standard_user');
    const people = await Promise.all(roles.map((role) => this.person(domain, { organizationId, role })));
    const owner = people[0] as Member;
    await this.#append(`organization-${organizationId}`, organizationId, owner.userId, {
      type: 'OrganizationCreated',
      data: { organizationId, name: `Of ${owner.email}`, ownerId: owner.userId, via: 'sign_up' },
    });
    const accountIds = await Promise.all(
      Array.from({ length: accounts }, (_, index) =>
        this.account(organizationId, people[index % people.length] as Member),
      ),
    );
    return { organizationId, ownerId: owner.userId, members: people, accountIds };
  }

  async account(organizationId: string, { userId, email }: Member): Promise<string> {
    const accountId = newId('acc');
    await this.#append(`account-${accountId}`, organizationId, userId, {
      type: 'AccountCreated',
      data: {
        accountId,
        organizationId,
        name: `Account of ${email}`,
        createdAt: seededAt,
        ownerId: userId,
        ownerEmail: email,
        ownerGivenName: 'Pat',
        ownerFamilyName: 'Nr',
      },
    });
    return accountId;
  }

  /** Proved, and nobody else's. */
  async verified({ organizationId, ownerId }: Founded, domain: string): Promise<string> {
    const domainId = newId('dom');
    const named = { domainId, organizationId, domain };
    await this.#append(
      `domain-${domainId}`,
      organizationId,
      ownerId,
      {
        type: 'DomainAdded',
        data: { ...named, method: 'dns_txt', token: 't', skeleton: domain, addedAt: seededAt },
      },
      {
        type: 'DomainVerified',
        data: { ...named, method: 'dns_txt', evidence: 't', verifiedAt: seededAt },
      },
    );
    await this.#append(`claim.domain-${domain}`, organizationId, ownerId, {
      type: 'ClaimReserved',
      data: { holder: domainId, organizationId, reservedAt: seededAt },
    });
    return domainId;
  }
}
