import { Injectable } from '@nestjs/common';
import { Execution, type Loaded } from '#commands';
import { type Refusal, refuse } from '#kernel';
import { type Organization, organization } from '#organizations';
import { isLiving, type Living, People } from '#users';
import type { AccountUser } from './account.events.ts';
import type { KnownAccount } from './account.ts';

/** ACC-03. */
export const ownerNotManaged: Refusal = refuse(
  'invalid',
  'owner_not_managed',
  "The Owner of an account is a managed user of the account's organization.",
);

interface Home {
  readonly organizationId: string;
  readonly ownerId: string;
}

/** Who can own what, from the streams of the people and of the organization. */
@Injectable()
export class Owners {
  readonly #execution: Execution;
  readonly #people: People;

  constructor(execution: Execution, people: People) {
    this.#execution = execution;
    this.#people = people;
  }

  /** Somebody who is there, managed or not. */
  async person(userId: string): Promise<AccountUser | undefined> {
    const { state } = await this.#people.load(userId);
    return isLiving(state) ? asAccountUser(state) : undefined;
  }

  /** The organization that manages this person now. */
  async homeOf(userId: string): Promise<string | null> {
    const { state } = await this.#people.load(userId);
    return isLiving(state) ? (state.membership?.organizationId ?? null) : null;
  }

  /**
   * Who was to own this account when its Owner left its organization, or one that came into it: somebody else, the
   * Owner themselves (USR-09), or nobody was named.
   */
  async namedBy({ accountId, ownerId, organizationId, cameFrom }: KnownAccount): Promise<string | undefined> {
    const { state } = await this.#people.load(ownerId);
    if (!('accountOwners' in state)) return undefined;
    const { accountOwners } = state;
    const homes = [organizationId ?? '', ...cameFrom.toReversed()];
    return homes.map((home) => accountOwners[home]?.[accountId]).find((named) => named !== undefined);
  }

  /** Who may become an Owner: managed there, and active. */
  async managed(userId: string, organizationId: string): Promise<AccountUser | undefined> {
    const { state } = await this.#people.load(userId);
    return state.status === 'active' && state.membership?.organizationId === organizationId
      ? asAccountUser(state)
      : undefined;
  }

  /** ACC-08: who owns what nobody else does. */
  async ofOrganization(organizationId: string): Promise<AccountUser | undefined> {
    const { state } = await this.#execution.load(organization, organizationId);
    return state.status === 'open' ? this.managed(state.ownerId, organizationId) : undefined;
  }

  /**
   * Who takes what somebody left behind: the one who was named, else who owns the organization, there or where it is
   * going (ACC-08, MRG-04).
   */
  async heir(organizationId: string, named?: string): Promise<AccountUser | undefined> {
    const line = await this.line(organizationId);
    const heirs = [
      ...(named === undefined ? [] : line.map((home) => ({ userId: named, home: home.organizationId }))),
      ...line.map((home) => ({ userId: home.ownerId, home: home.organizationId })),
    ];
    for (const { userId, home } of heirs) {
      const found = await this.managed(userId, home);
      if (found) return found;
    }
    return undefined;
  }

  /** The organization, and after it those into which it is being merged or was absorbed. */
  async line(organizationId: string): Promise<readonly Home[]> {
    const line: Home[] = [];
    for (let next: string | null = organizationId; next !== null; ) {
      const { state }: Loaded<Organization> = await this.#execution.load(organization, next);
      if (state.status === 'unknown') break;
      line.push(state);
      next = state.status === 'open' ? null : state.successorId;
    }
    return line;
  }

  /** True when this is where the people of the organization belong now, or will when its merge is through. */
  async leadsTo(organizationId: string, home: string): Promise<boolean> {
    return (await this.line(organizationId)).some((one) => one.organizationId === home);
  }
}

const asAccountUser = ({ userId, email, domain, givenName, familyName }: Living): AccountUser => ({
  userId,
  email,
  domain,
  givenName,
  familyName,
});
