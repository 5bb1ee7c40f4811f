import { Injectable } from '@nestjs/common';
import { Execution, type Outcome } from '#commands';
import { type Refusal, refuse } from '#kernel';
import { organizationLimits } from '#organizations';
import { LogHead } from '#queries';
import { ReadModels } from '#read-models';

/** What comes into an organization together. */
export interface Coming {
  readonly users: number;
  /** How many that are not closed, or which, or all of an organization and those on their way to it. */
  readonly accounts: number | readonly string[] | { readonly of: string };
}

interface Places {
  readonly users: number;
  readonly accounts: number;
}

interface Entering extends PromiseWithResolvers<Outcome> {
  readonly enter: Enter;
  readonly coming: Coming;
}

/** `isCounted`: whoever comes next is counted after it, so it is on the disk when it is through. */
type Enter = (isCounted: boolean) => Promise<Outcome>;

interface Candidate {
  readonly candidateOrganizationId: string;
}

interface OnItsWay {
  readonly accountId: string;
  readonly organizationId: string | null;
  readonly ownerId: string;
  readonly comesTo: string;
}

const somebody: Coming = { users: 1, accounts: 0 };
const asMuchAsItLikes: Places = { users: Number.POSITIVE_INFINITY, accounts: Number.POSITIVE_INFINITY };
/** What an account may be while it takes a place. */
export const takingPlaces = ['active', 'suspended', 'pending_closure'];

/** USR-18. */
const usersFull: Refusal = refuse(
  'invalid',
  'user_limit_reached',
  'The organization has reached its limit for managed users.',
);

/** ACC-11. */
const accountsFull: Refusal = refuse(
  'invalid',
  'account_limit_reached',
  "The organization's account limit has been reached.",
);

/**
 * At most so many managed users, and accounts that are not closed, where an operator has set a limit. People join in
 * the one process that follows the log: there those of one organization are counted one after the other, many from one
 * look, which shows everybody before them. Whose organization is being merged into it counts from the moment that this
 * is certain, so that nobody waits for the moves; what somebody brings, from the moment that they are in. What another
 * process makes while this one looks and lets in is not seen and may go beyond the limit.
 */
@Injectable()
export class Room {
  readonly #execution: Execution;
  readonly #readModels: ReadModels;
  readonly #log: LogHead;
  /** Who waits for the next look, by organization. */
  readonly #waiting = new Map<string, Entering[]>();
  readonly #underWay = new Map<string, Set<Promise<unknown>>>();

  constructor(execution: Execution, readModels: ReadModels, log: LogHead) {
    this.#execution = execution;
    this.#readModels = readModels;
    this.#log = log;
  }

  /** Runs `enter` when there is room for all that come together. */
  within(organizationId: string, enter: Enter, coming = somebody): Promise<Outcome> {
    const entered = this.#within(organizationId, enter, coming);
    const others = this.#underWay.get(organizationId) ?? new Set();
    this.#underWay.set(organizationId, others.add(entered));
    const isThrough = () => {
      others.delete(entered);
      if (others.size === 0) this.#underWay.delete(organizationId);
    };
    entered.then(isThrough, isThrough);
    return entered;
  }

  /** Whoever is being let in now is in, or was refused. */
  async settled(organizationId: string): Promise<void> {
    await Promise.allSettled(this.#underWay.get(organizationId) ?? []);
  }

  /** Why nobody more, or not so many, can come in now; whoever comes later is counted again. */
  async refuses(organizationId: string, coming = somebody): Promise<Refusal | undefined> {
    if (!(await this.#isLimited(organizationId, coming))) return undefined;
    const left = await this.#left(organizationId);
    return unfit(await this.#placesFor(coming, left), left);
  }

  async #within(organizationId: string, enter: Enter, coming: Coming): Promise<Outcome> {
    if (!(await this.#isLimited(organizationId, coming))) return enter(false);
    const entering = { enter, coming, ...Promise.withResolvers<Outcome>() };
    const others = this.#waiting.get(organizationId);
    if (others) others.push(entering);
    else {
      this.#waiting.set(organizationId, [entering]);
      void this.#letIn(organizationId);
    }
    return entering.promise;
  }

  async #letIn(organizationId: string): Promise<void> {
    const waiting = this.#waiting.get(organizationId) as Entering[];
    while (waiting.length > 0) {
      const round = waiting.splice(0);
      try {
        waiting.unshift(...(await this.#round(organizationId, round)));
      } catch (error) {
        for (const { reject } of round) reject(error);
      }
    }
    this.#waiting.delete(organizationId);
  }

  /** @returns those for whom there is only room when others of this round are refused after all */
  async #round(organizationId: string, round: readonly Entering[]): Promise<Entering[]> {
    let left = await this.#left(organizationId);
    const entering: Entering[] = [];
    const again: Entering[] = [];
    for (const one of round) {
      const places = await this.#placesFor(one.coming, left);
      const refused = unfit(places, left);
      if (!refused) {
        left = { users: left.users - places.users, accounts: left.accounts - places.accounts };
        entering.push(one);
      } else if (entering.length > 0) again.push(one);
      else one.resolve(refused);
    }
    await Promise.all(entering.map(({ enter, resolve, reject }) => enter(true).then(resolve, reject)));
    return again;
  }

  async #isLimited(organizationId: string, coming: Coming): Promise<boolean> {
    const { users, accounts } = await this.#limits(organizationId);
    return (users !== null && coming.users > 0) || (accounts !== null && bringsAccounts(coming));
  }

  async #limits(organizationId: string) {
    return (await this.#execution.load(organizationLimits, organizationId)).state;
  }

  async #left(organizationId: string): Promise<Places> {
    const limits = await this.#limits(organizationId);
    await this.#readModels.reach(await this.#log.head(), ['users', 'accounts', 'merges']);
    const where = { organizationId, status: 'running', isPlanned: true };
    const homes = [organizationId];
    for await (const { candidateOrganizationId } of this.#readModels.every<Candidate>('merges', {
      where,
      by: 'requestedAt',
    }))
      homes.push(candidateOrganizationId);
    // In one look: whoever moves meanwhile is counted once.
    const theirs = { organizationId: { in: homes }, kind: 'managed' };
    const [users, accounts] = await Promise.all([
      limits.users === null ? 0 : this.#readModels.count('users', theirs),
      limits.accounts === null ? 0 : this.#accountsOf(homes),
    ]);
    return {
      users: (limits.users ?? asMuchAsItLikes.users) - users,
      accounts: (limits.accounts ?? asMuchAsItLikes.accounts) - accounts,
    };
  }

  /** Looks again when one arrives meanwhile, which might be counted twice or not at all. */
  async #accountsOf(homes: readonly string[]): Promise<number> {
    const where = { organizationId: { in: homes }, kind: 'managed', status: { in: takingPlaces } };
    for (let before = await this.#onTheirWay(homes); ; ) {
      const there = await this.#readModels.count('accounts', where);
      const after = await this.#onTheirWay(homes);
      if (before.join() === after.join()) return there + after.length;
      before = after;
    }
  }

  /** Their Owners have joined, and have not left before they could follow. */
  async #onTheirWay(homes: readonly string[]): Promise<string[]> {
    const following: string[] = [];
    const where = { comesTo: { in: homes }, status: { in: takingPlaces } };
    for await (const page of this.#readModels.pages<OnItsWay>('accounts', { where, by: 'accountId' })) {
      const keyOf = ({ comesTo, ownerId }: OnItsWay) => `${comesTo}:${ownerId}`;
      const owners = await this.#readModels.many<{ kind: string }>('users', page.map(keyOf));
      for (const one of page)
        if (!homes.includes(one.organizationId ?? '') && owners.get(keyOf(one))?.kind === 'managed')
          following.push(one.accountId);
    }
    return following;
  }

  /** Those that are closed take none. */
  async #placesFor({ users, accounts }: Coming, left: Places): Promise<Places> {
    if (typeof accounts === 'number') return { users, accounts };
    if (left.accounts === asMuchAsItLikes.accounts) return { users, accounts: 0 };
    if ('of' in accounts) return { users, accounts: await this.#accountsOf([accounts.of]) };
    if (accounts.length === 0) return { users, accounts: 0 };
    const found = await this.#readModels.many<{ status: string }>('accounts', accounts);
    return {
      users,
      accounts: [...found.values()].filter(({ status }) => takingPlaces.includes(status)).length,
    };
  }
}

/** An organization may. */
const bringsAccounts = ({ accounts }: Coming): boolean => {
  if (typeof accounts === 'number') return accounts > 0;
  return 'of' in accounts || accounts.length > 0;
};

/** Whoever brings none needs no place, also where there are too many already. */
const unfit = ({ users, accounts }: Places, left: Places): Refusal | undefined => {
  if (users > 0 && users > left.users) return usersFull;
  return accounts > 0 && accounts > left.accounts ? accountsFull : undefined;
};
