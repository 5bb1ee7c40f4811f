import { Injectable } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type Envelope, Execution, envelopeOf, mustBeDecided, type Outcome, systemOnly } from '#commands';
import { isRefusal } from '#kernel';
import { organization } from '#organizations';
import { LogHead } from '#queries';
import { ReadModels } from '#read-models';
import {
  AttachAccount,
  SettleAccountAccess,
  SettleAccountOwner,
  SettleRemovedUser,
} from './account.commands.ts';
import type { AccountUser, Cause } from './account.events.ts';
import { type AccountCommand, account, type KnownAccount } from './account.ts';
import { Owners } from './owners.ts';

const nothing: Outcome = { done: true };

/** Loads an account and brings it to where its Owner belongs. */
@Injectable()
export class AccountHomes {
  readonly #execution: Execution;
  readonly #owners: Owners;

  constructor(execution: Execution, owners: Owners) {
    this.#execution = execution;
    this.#owners = owners;
  }

  async attach(
    accountId: string,
    to: { readonly organizationId: string; readonly from: string | null; readonly cause: Cause },
    envelope: Envelope,
  ): Promise<Outcome> {
    const { state } = await this.#execution.load(account, accountId);
    if (state.status === 'unknown') return nothing;
    const { ownerId, access } = state;
    if ((await this.#owners.homeOf(ownerId)) !== to.organizationId) return nothing;
    const people = await Promise.all(Object.keys(access).map((userId) => this.#owners.person(userId)));
    const users = people.filter((person): person is AccountUser => person !== undefined);
    return this.#run(accountId, { type: 'AttachAccount', ...to, ownerId, users }, envelope);
  }

  /**
   * Invariant 3: an account without an Owner of its organization gets another one, and follows its Owner where
   * the organization went (MRG-04); ORG-07: one of its own comes in.
   */
  async settle(accountId: string, cause: Cause, envelope: Envelope): Promise<Outcome> {
    const { state } = await this.#execution.load(account, accountId);
    if (state.status === 'unknown') return nothing;
    const { organizationId, ownerId } = state;
    const home = await this.#owners.homeOf(ownerId);
    if (home === organizationId) return nothing;
    const follows =
      organizationId !== null && home !== null && (await this.#owners.leadsTo(organizationId, home));
    const mergeId = follows ? await this.#mergedBy(organizationId) : null;
    if (follows && mergeId !== null) {
      const to = { organizationId: home, from: organizationId, cause: { type: 'merge', id: mergeId } };
      return this.attach(accountId, to, envelope);
    }
    if (organizationId !== null) return this.replaceOwner(state, organizationId, cause, envelope);
    return home === null
      ? nothing
      : this.attach(
          accountId,
          { organizationId: home, from: null, cause: { type: 'owner_joined', id: ownerId } },
          envelope,
        );
  }

  /** The merge that has taken the people of an organization along. */
  async #mergedBy(organizationId: string): Promise<string | null> {
    const { state } = await this.#execution.load(organization, organizationId);
    return state.status === 'merging' || state.status === 'absorbed' ? state.mergeId : null;
  }

  /** As was said when the Owner left, also where that has not been done yet (USR-08); else the Organization Owner's. */
  async replaceOwner(
    state: KnownAccount,
    organizationId: string,
    cause: Cause,
    envelope: Envelope,
  ): Promise<Outcome> {
    const { accountId, ownerId: from } = state;
    const named = await this.#owners.namedBy(state);
    const why = named === undefined ? cause : { type: 'user_removed_from_organization', id: from };
    if (named === from)
      return this.#run(
        accountId,
        { type: 'DetachAccount', organizationId, ownerId: from, cause: why },
        envelope,
      );
    const to = await this.#owners.heir(organizationId, named);
    return to
      ? this.#run(accountId, { type: 'ReplaceOwner', organizationId, from, to, cause: why }, envelope)
      : nothing;
  }

  #run(accountId: string, command: AccountCommand, envelope: Envelope): Promise<Outcome> {
    return this.#execution.run({ decider: account, id: accountId, command }, envelope);
  }
}

@Injectable()
@CommandHandler(AttachAccount)
export class AttachAccountHandler implements ICommandHandler<AttachAccount, Outcome> {
  readonly #homes: AccountHomes;

  constructor(homes: AccountHomes) {
    this.#homes = homes;
  }

  async execute(command: AttachAccount): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const { accountId, organizationId, from, cause } = command;
    return (
      systemOnly(envelope.principal) ??
      this.#homes.attach(accountId, { organizationId, from, cause }, envelope)
    );
  }
}

@Injectable()
@CommandHandler(SettleAccountOwner)
export class SettleAccountOwnerHandler implements ICommandHandler<SettleAccountOwner, Outcome> {
  readonly #homes: AccountHomes;

  constructor(homes: AccountHomes) {
    this.#homes = homes;
  }

  async execute(command: SettleAccountOwner): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const { accountId } = command;
    const cause = { type: 'owner_not_managed', id: accountId };
    return systemOnly(envelope.principal) ?? this.#homes.settle(accountId, cause, envelope);
  }
}

@Injectable()
@CommandHandler(SettleAccountAccess)
export class SettleAccountAccessHandler implements ICommandHandler<SettleAccountAccess, Outcome> {
  readonly #execution: Execution;
  readonly #owners: Owners;

  constructor(execution: Execution, owners: Owners) {
    this.#execution = execution;
    this.#owners = owners;
  }

  async execute(command: SettleAccountAccess): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const refused = systemOnly(envelope.principal);
    if (refused) return refused;
    const { accountId, userId } = command;
    const { state } = await this.#execution.load(account, accountId);
    if (state.status === 'unknown' || state.organizationId === null) return nothing;
    const { organizationId } = state;
    const home = await this.#owners.homeOf(userId);
    // MRG-06: whoever was faster than the account in a merge keeps what they have.
    if (home !== null && (await this.#owners.leadsTo(organizationId, home))) return nothing;
    const cause = { type: 'user_not_managed', id: userId };
    return this.#execution.run(
      {
        decider: account,
        id: accountId,
        command: { type: 'RevokeAccountAccess', organizationId, userId, cause },
      },
      envelope,
    );
  }
}

/** What no command named: accounts that came to the person, or access that was given, while they were being removed. */
@Injectable()
@CommandHandler(SettleRemovedUser)
export class SettleRemovedUserHandler implements ICommandHandler<SettleRemovedUser, Outcome> {
  readonly #execution: Execution;
  readonly #homes: AccountHomes;
  readonly #owners: Owners;
  readonly #readModels: ReadModels;
  readonly #log: LogHead;

  constructor(
    execution: Execution,
    homes: AccountHomes,
    owners: Owners,
    readModels: ReadModels,
    log: LogHead,
  ) {
    this.#execution = execution;
    this.#homes = homes;
    this.#owners = owners;
    this.#readModels = readModels;
    this.#log = log;
  }

  async execute(command: SettleRemovedUser): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const refused = systemOnly(envelope.principal);
    if (refused) return refused;
    const { organizationId, userId } = command;
    await this.#readModels.reach(await this.#log.head(), ['account-users']);
    const line = organizationId === null ? [] : await this.#owners.line(organizationId);
    const homes = line.map((home) => home.organizationId);
    let last = nothing;
    const accessible = this.#readModels.every<{ accountId: string }>('account-users', {
      where: { organizationId: organizationId === null ? undefined : { in: homes }, userId },
      by: 'accountId',
    });
    for await (const { accountId } of accessible) {
      if (homes.includes((await this.#owners.homeOf(userId)) ?? '')) break;
      const step = { ...envelope, commandId: `${envelope.commandId}/${accountId}` };
      const outcome = mustBeDecided(await this.#part(accountId, command, step));
      if (!isRefusal(outcome)) last = outcome;
    }
    return last;
  }

  async #part(
    accountId: string,
    { userId, organizationId: left }: SettleRemovedUser,
    envelope: Envelope,
  ): Promise<Outcome> {
    const { state } = await this.#execution.load(account, accountId);
    if (state.status === 'unknown') return nothing;
    const organizationId = left ?? state.organizationId;
    const { ownerId } = state;
    const cause = { type: 'user_removed_from_organization', id: userId };
    if (ownerId === userId)
      return organizationId === null
        ? nothing
        : this.#homes.replaceOwner(state, organizationId, cause, envelope);
    return this.#execution.run(
      {
        decider: account,
        id: accountId,
        command: { type: 'RevokeAccountAccess', organizationId, userId, cause },
      },
      envelope,
    );
  }
}
