import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { LogHead } from '#queries';
import { ReadModels, type Where } from '#read-models';
import type { Coming } from '#users';
import type { PlannedUser } from './merge.ts';

interface BelongingUser extends PlannedUser {
  readonly email: string;
  readonly domain: string;
}

interface BelongingAccount {
  readonly accountId: string;
  readonly name: string;
}

/** What belongs to an organization. */
export interface Belongings {
  readonly users: readonly BelongingUser[];
  readonly accounts: readonly BelongingAccount[];
  readonly coming: Coming;
  /** Accounts of others that it sees. */
  readonly sharedAccountIds: readonly string[];
  /** Of accounts that it has asked for. */
  readonly additionIds: readonly string[];
  readonly pendingInvitationIds: readonly string[];
  readonly domainIds: readonly string[];
  /** MRG-02: also one whose proof is missing just now is proved by somebody. */
  readonly hasVerifiedDomains: boolean;
  readonly apiKeyIds: readonly string[];
}

interface Of {
  readonly organizationId: string;
}

interface AccountFound extends Of, BelongingAccount {
  readonly kind: 'managed' | 'independent' | 'pending';
  readonly status: string;
  readonly addition: { readonly additionId: string } | null;
}

interface DomainFound extends Of {
  readonly domainId: string;
  readonly status: string;
}

type Asked = Map<string, PromiseWithResolvers<Belongings>>;

const READ = ['users', 'accounts', 'invitations', 'domains', 'api-keys'];
/** Organizations that one query asks for. */
const TOGETHER = 64;
const PAGE = 1_000;

/** What belongs to organizations that may be absorbed, from the read models as far as the log has come. */
@Injectable()
export class Candidate {
  readonly #readModels: ReadModels;
  readonly #log: LogHead;
  #next: Asked | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(readModels: ReadModels, log: LogHead) {
    this.#readModels = readModels;
    this.#log = log;
  }

  /**
   * Everything before now is shown. Whoever asks while others are looked for is looked for together with all who ask
   * meanwhile. @throws ReadModelBehind
   */
  of(organizationId: string): Promise<Belongings> {
    this.#next ??= this.#begun();
    const asked = this.#next.get(organizationId) ?? Promise.withResolvers<Belongings>();
    this.#next.set(organizationId, asked);
    return asked.promise;
  }

  #begun(): Asked {
    const asked: Asked = new Map();
    this.#last = this.#last.then(async () => {
      this.#next = undefined;
      try {
        await this.#look(asked);
      } catch (error) {
        for (const { reject } of asked.values()) reject(error);
      }
    });
    return asked;
  }

  async #look(asked: Asked): Promise<void> {
    await this.#readModels.reach(await this.#log.head(), READ);
    const organizationIds = [...asked.keys()];
    for (let from = 0; from < organizationIds.length; from += TOGETHER) {
      const some = organizationIds.slice(from, from + TOGETHER);
      const found = await this.#belongings(some);
      for (const id of some) asked.get(id)?.resolve(found(id));
      await nextTurn();
    }
  }

  async #belongings(organizationIds: readonly string[]): Promise<(organizationId: string) => Belongings> {
    const theirs = { organizationId: { in: organizationIds } };
    const users = await this.#all<Of & BelongingUser>('users', 'name', { ...theirs, kind: 'managed' });
    const accounts = await this.#all<AccountFound>('accounts', 'name', theirs);
    const pending = { ...theirs, status: 'pending' };
    const invitations = await this.#all<Of & { invitationId: string }>('invitations', 'email', pending);
    const domains = await this.#all<DomainFound>('domains', 'domain', theirs);
    const apiKeys = await this.#all<Of & { apiKeyId: string }>('api-keys', 'name', theirs);
    return (id) => {
      const kindOf = (kind: AccountFound['kind']) => accounts(id).filter((one) => one.kind === kind);
      return {
        users: users(id).map(asBelonging),
        accounts: kindOf('managed').map(({ accountId, name }) => ({ accountId, name })),
        coming: {
          users: users(id).length,
          accounts: kindOf('managed').filter(({ status }) => status !== 'closed').length,
        },
        sharedAccountIds: kindOf('independent').map(({ accountId }) => accountId),
        additionIds: kindOf('pending').flatMap(({ addition }) => addition?.additionId ?? []),
        pendingInvitationIds: invitations(id).map(({ invitationId }) => invitationId),
        domainIds: domains(id).map(({ domainId }) => domainId),
        hasVerifiedDomains: domains(id).some(
          ({ status }) => status === 'verified' || status === 'unvalidated',
        ),
        apiKeyIds: apiKeys(id).map(({ apiKeyId }) => apiKeyId),
      };
    };
  }

  async #all<View extends Of>(
    name: string,
    by: string,
    where: Where,
  ): Promise<(organizationId: string) => readonly View[]> {
    const found = new Map<string, View[]>();
    for await (const views of this.#readModels.pages<View>(name, { where, by, limit: PAGE }))
      for (const view of views) {
        const others = found.get(view.organizationId);
        if (others) others.push(view);
        else found.set(view.organizationId, [view]);
      }
    return (organizationId) => found.get(organizationId) ?? [];
  }
}

const asBelonging = ({ userId, role, email, domain }: BelongingUser): BelongingUser => ({
  userId,
  role,
  email,
  domain,
});
