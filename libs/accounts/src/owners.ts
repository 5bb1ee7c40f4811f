import { Injectable } from '@nestjs/common';
import { Execution } from '#commands';
import { type Refusal, refuse } from '#kernel';
import { organization } from '#organizations';
import { isLiving, type Living, People } from '#users';
import type { AccountUser } from './account.events.ts';

/** ACC-03. */
export const ownerNotManaged: Refusal = refuse(
  'invalid',
  'owner_not_managed',
  "The Owner of an account is a managed user of the account's organization.",
);

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
}

const asAccountUser = ({ userId, email, domain, givenName, familyName }: Living): AccountUser => ({
  userId,
  email,
  domain,
  givenName,
  familyName,
});
