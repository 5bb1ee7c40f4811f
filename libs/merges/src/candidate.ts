import { Injectable } from '@nestjs/common';
import { RecentlyUsed } from '#cache';
import { nextPiece } from '#clock';
import { LogHead } from '#queries';
import { type Counter, ReadModels, type Where } from '#read-models';
import { takingPlaces } from '#users';
import type { PlannedUser } from './merge.ts';
import { OneLook } from './one-look.ts';

/** How much belongs to an organization, and whether it may be absorbed. */
export interface Size {
  readonly coming: { readonly users: number; readonly accounts: number };
  /** Who manages it. */
  readonly managers: number;
  /** Closed ones too. */
  readonly accounts: number;
  /** MRG-02: also one whose proof is missing just now is proved by somebody. */
  readonly hasVerifiedDomains: boolean;
  /** Another one when somebody or something has come or gone, or has become something else. */
  readonly state: string;
  /** Everything up to here counts. */
  readonly position: number;
}

/** What belongs to an organization. */
export interface Belongings {
  readonly users: readonly PlannedUser[];
  readonly accountIds: readonly string[];
  /** Accounts of others that it sees. */
  readonly sharedAccountIds: readonly string[];
  /** Of accounts that it has asked for. */
  readonly additionIds: readonly string[];
  readonly pendingInvitationIds: readonly string[];
  readonly domainIds: readonly string[];
  readonly hasVerifiedDomains: boolean;
  readonly apiKeyIds: readonly string[];
}

interface Of {
  readonly organizationId: string;
}

interface AccountFound extends Of {
  readonly accountId: string;
  readonly kind: 'managed' | 'independent' | 'pending';
  readonly addition: { readonly additionId: string } | null;
}

interface DomainFound extends Of {
  readonly domainId: string;
  readonly status: string;
}

type Counters = (organizationId: string) => readonly Counter[];

/** All of a read model that match; `by` says in which order where they are read by turns. */
type Find = <View extends Of>(name: string, by: string, where: Where) => Promise<readonly View[]>;

const READ = ['users', 'accounts', 'invitations', 'domains', 'api-keys'];
const COUNTED = ['users', 'accounts', 'domains'];
/** Organizations that one query asks for. */
const TOGETHER = 64;
/** An organization with more users and accounts is read by turns, and nobody waits for it who asks for another. */
const MANY = 500;
const PAGE = 200;
const REMEMBERED = 4_096;
const proved = ['verified', 'unvalidated'];

/** What belongs to organizations that may be absorbed, from the read models as far as the log has come. */
@Injectable()
export class Candidate {
  readonly #readModels: ReadModels;
  readonly #log: LogHead;
  readonly #sizes = new OneLook<Size>(async (ids) => this.#sizesOf(ids, await this.#reached(COUNTED)));
  readonly #glances = new OneLook<Size>((ids) => this.#sizesOf(ids, 0));
  readonly #belongings = new OneLook<Belongings>((ids) => this.#belongingsOf(ids));
  /** Those that were small when they were last looked at: one that has grown since only takes longer to read. */
  readonly #small = new RecentlyUsed<string, true>(REMEMBERED);

  constructor(readModels: ReadModels, log: LogHead) {
    this.#readModels = readModels;
    this.#log = log;
  }

  /** Everything before now counts; it costs the same however large the organization is. @throws ReadModelBehind */
  size(organizationId: string): Promise<Size> {
    return this.#sizes.of(organizationId);
  }

  /** The same, as the read models are: nobody waits for them. */
  glance(organizationId: string): Promise<Size> {
    return this.#glances.of(organizationId);
  }

  /** Everything before now is shown. @throws ReadModelBehind */
  of(organizationId: string): Promise<Belongings> {
    return this.#belongings.of(organizationId);
  }

  async #reached(names: readonly string[]): Promise<number> {
    const position = await this.#log.head();
    await this.#readModels.reach(position, names);
    return position;
  }

  /** @param position that the read models show at least */
  async #sizesOf(
    organizationIds: readonly string[],
    position: number,
  ): Promise<(organizationId: string) => Size> {
    const sizes = new Map<string, Size>();
    for (const some of inGroups(organizationIds)) {
      const counters = COUNTED.map((name) => this.#readModels.counters(name, some));
      const [users, accounts, domains] = (await Promise.all(counters)) as [Counters, Counters, Counters];
      for (const id of some) {
        sizes.set(id, sizeOf(users(id), accounts(id), domains(id), position));
        this.#note(id, sumOf([...users(id), ...accounts(id)]));
      }
      await nextPiece();
    }
    return (id) => sizes.get(id) as Size;
  }

  async #belongingsOf(
    organizationIds: readonly string[],
  ): Promise<(organizationId: string) => Belongings | Promise<Belongings>> {
    await this.#reached(READ);
    const found = new Map<string, Belongings>();
    for (const some of inGroups(organizationIds)) {
      const small = await this.#smallOf(some);
      const belongings = await this.#read(small, (name, _by, where) => this.#readModels.few(name, where));
      for (const id of small) {
        const theirs = belongings(id);
        found.set(id, theirs);
        this.#note(id, theirs.users.length + theirs.accountIds.length);
      }
      await nextPiece();
    }
    return (id) => found.get(id) ?? this.#readByTurns(id);
  }

  async #smallOf(organizationIds: readonly string[]): Promise<readonly string[]> {
    const unknown = organizationIds.filter((id) => !this.#small.has(id));
    if (unknown.length > 0) {
      const counters = ['users', 'accounts'].map((name) => this.#readModels.counters(name, unknown));
      const [users, accounts] = (await Promise.all(counters)) as [Counters, Counters];
      for (const id of unknown) this.#note(id, sumOf([...users(id), ...accounts(id)]));
    }
    return organizationIds.filter((id) => this.#small.has(id));
  }

  #note(organizationId: string, many: number): void {
    if (many <= MANY) this.#small.set(organizationId, true);
    else this.#small.delete(organizationId);
  }

  async #readByTurns(organizationId: string): Promise<Belongings> {
    const belongings = await this.#read(
      [organizationId],
      async <View>(name: string, by: string, where: Where) => {
        const found: View[] = [];
        for await (const page of this.#readModels.pages<View>(name, { where, by, limit: PAGE })) {
          found.push(...page);
          await nextPiece();
        }
        return found;
      },
    );
    return belongings(organizationId);
  }

  async #read(
    organizationIds: readonly string[],
    find: Find,
  ): Promise<(organizationId: string) => Belongings> {
    const theirs = { organizationId: { in: organizationIds } };
    const pending = { ...theirs, status: 'pending' };
    const users = byOrganization(
      await find<Of & PlannedUser>('users', 'name', { ...theirs, kind: 'managed' }),
    );
    const accounts = byOrganization(await find<AccountFound>('accounts', 'sortName', theirs));
    const invitations = byOrganization(
      await find<Of & { invitationId: string }>('invitations', 'email', pending),
    );
    const domains = byOrganization(await find<DomainFound>('domains', 'domain', theirs));
    const apiKeys = byOrganization(await find<Of & { apiKeyId: string }>('api-keys', 'name', theirs));
    return (id) => {
      const kindOf = (kind: AccountFound['kind']) => accounts(id).filter((one) => one.kind === kind);
      return {
        users: users(id).map(({ userId, role }) => ({ userId, role })),
        accountIds: kindOf('managed').map(({ accountId }) => accountId),
        sharedAccountIds: kindOf('independent').map(({ accountId }) => accountId),
        additionIds: kindOf('pending').flatMap(({ addition }) => addition?.additionId ?? []),
        pendingInvitationIds: invitations(id).map(({ invitationId }) => invitationId),
        domainIds: domains(id).map(({ domainId }) => domainId),
        hasVerifiedDomains: domains(id).some(({ status }) => proved.includes(status)),
        apiKeyIds: apiKeys(id).map(({ apiKeyId }) => apiKeyId),
      };
    };
  }
}

const sumOf = (counters: readonly Counter[]): number => counters.reduce((sum, { n }) => sum + n, 0);
const newestOf = (counters: readonly Counter[]): number => Math.max(0, ...counters.map(({ at }) => at));

const sizeOf = (
  users: readonly Counter[],
  accounts: readonly Counter[],
  domains: readonly Counter[],
  position: number,
): Size => {
  const people = users.filter(({ values }) => values.kind === 'managed');
  const theirs = accounts.filter(({ values }) => values.kind === 'managed');
  const changedAt = [newestOf(users), newestOf(accounts)];
  return {
    coming: {
      users: sumOf(people),
      accounts: sumOf(theirs.filter(({ values }) => takingPlaces.includes(values.status as string))),
    },
    managers: sumOf(people.filter(({ values }) => values.role !== 'standard_user')),
    accounts: sumOf(theirs),
    hasVerifiedDomains: sumOf(domains.filter(({ values }) => proved.includes(values.status as string))) > 0,
    state: changedAt.join('/'),
    position: Math.max(position, ...changedAt),
  };
};

const inGroups = (organizationIds: readonly string[]): string[][] =>
  Array.from({ length: Math.ceil(organizationIds.length / TOGETHER) }, (_, group) =>
    organizationIds.slice(group * TOGETHER, (group + 1) * TOGETHER),
  );

const byOrganization = <View extends Of>(views: readonly View[]): ((id: string) => readonly View[]) => {
  const found = Map.groupBy(views, ({ organizationId }) => organizationId);
  return (id) => found.get(id) ?? [];
};
