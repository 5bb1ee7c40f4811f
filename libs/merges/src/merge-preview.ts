import { Injectable } from '@nestjs/common';
import { nextPiece } from '#clock';
import { VerifiedDomains } from '#domains';
import type { OrganizationRole } from '#kernel';
import { type ListRequest, type Page, ReadModels } from '#read-models';
import { Candidate, type Size } from './candidate.ts';
import { type PlannedUser, roleAfter } from './merge.ts';

interface Shown {
  readonly users: PlannedUser & { readonly email: string; readonly domain: string };
  readonly accounts: { readonly accountId: string; readonly name: string };
}

type Found = { readonly [Name in keyof Shown]: readonly Shown[Name][] };

/** Where a part begins: first come the users, then the accounts. A caller is told, so nothing of a person stands there. */
export type Place = readonly [name: keyof Shown, after: ListRequest['after']];

interface Totals {
  readonly users: number;
  readonly managers: number;
  readonly accounts: number;
}

const managing: readonly OrganizationRole[] = ['owner', 'administrator'];
const totalsOf = ({ coming: { users }, managers, accounts }: Size): Totals => ({ users, managers, accounts });
const inOrderOf = { users: 'joinedAt', accounts: 'sortName' } as const;
const start: Place = ['users', undefined];
const PAGE = 200;
/** How often a part is read again because somebody or something has come or gone meanwhile. */
const PATIENCE = 3;

/** What everybody of the Candidate would notice, a part at a time. */
@Injectable()
export class MergePreview {
  readonly #readModels: ReadModels;
  readonly #candidate: Candidate;
  readonly #domains: VerifiedDomains;

  constructor(readModels: ReadModels, candidate: Candidate, domains: VerifiedDomains) {
    this.#readModels = readModels;
    this.#candidate = candidate;
    this.#domains = domains;
  }

  /** Addresses only of the asking organization's own domains. @throws ReadModelBehind */
  async part(
    organizationId: string,
    candidate: { readonly candidateId: string; readonly ownerId: string },
    { from = start, limit }: { readonly from?: Place; readonly limit: number },
  ) {
    const { candidateId, ownerId: candidateOwnerId } = candidate;
    const { totals, position, found, next } = await this.#asOfOneMoment(candidateId, from, limit);
    const ours = await this.#ours(organizationId, new Set(found.users.map(({ domain }) => domain)));
    const by = { via: 'import', role: 'standard_user', candidateOwnerId } as const;
    const moves = found.users.map(({ userId, role }) => ({
      userId,
      fromRole: role,
      toRole: roleAfter(by, userId) as OrganizationRole,
    }));
    return {
      users: found.users.map(({ email, domain }, n) => ({
        ...moves[n]!,
        email: ours.has(domain) ? email : null,
      })),
      usersTotal: totals.users,
      accounts: found.accounts.map(({ accountId, name }) => ({ accountId, name })),
      accountsTotal: totals.accounts,
      roleDowngrades: moves.filter(({ fromRole }) => fromRole !== 'standard_user'),
      roleDowngradesTotal: totals.managers,
      next: next?.[0] === 'accounts' && totals.accounts === 0 ? undefined : next,
      position: String(position),
    };
  }

  /** Who and what is there while nobody comes or goes; where that does not happen, as it was at the position. */
  async #asOfOneMoment(candidateId: string, from: Place, limit: number) {
    let size = await this.#candidate.size(candidateId);
    for (let patience = PATIENCE; patience > 0; patience -= 1) {
      const read = await this.#read(candidateId, from, limit);
      const since = await this.#candidate.size(candidateId);
      if (since.state === size.state) return { totals: totalsOf(size), position: size.position, ...read };
      size = since;
    }
    const totals = await this.#totals(candidateId, size.position);
    return {
      totals,
      position: size.position,
      ...(await this.#read(candidateId, from, limit, size.position)),
    };
  }

  async #totals(organizationId: string, asOf: number): Promise<Totals> {
    const managed = { organizationId, kind: 'managed' };
    const [users, managers, accounts] = await Promise.all([
      this.#readModels.count('users', managed, asOf),
      this.#readModels.count('users', { ...managed, role: { in: managing } }, asOf),
      this.#readModels.count('accounts', managed, asOf),
    ]);
    return { users, managers, accounts };
  }

  async #read(organizationId: string, from: Place, limit: number, asOf?: number) {
    const found = { users: [] as Shown['users'][], accounts: [] as Shown['accounts'][] } satisfies Found;
    let next: Place | undefined = from;
    for (let left = limit; next && left > 0; await nextPiece()) {
      const [name, after]: Place = next;
      const page: Page<object> = await this.#readModels.list(name, {
        where: { organizationId, kind: 'managed' },
        sort: { field: inOrderOf[name], direction: 1 },
        limit: Math.min(left, PAGE),
        after,
        asOf,
        totals: false,
      });
      (found[name] as object[]).push(...page.items);
      left -= page.items.length;
      if (page.next) next = [name, page.next];
      else next = name === 'users' ? ['accounts', undefined] : undefined;
    }
    return { found, next };
  }

  async #ours(organizationId: string, domains: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    const ours = new Set<string>();
    for (const domain of domains)
      if ((await this.#domains.ownerOf(domain))?.organizationId === organizationId) ours.add(domain);
    return ours;
  }
}
