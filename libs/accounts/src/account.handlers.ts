import { Injectable } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import {
  conflictWithNew,
  type Envelope,
  Execution,
  envelopeOf,
  idFrom,
  mayCreateAccounts,
  mayManage,
  type Outcome,
  type Principal,
} from '#commands';
import { forbidden, notFound, type Refusal } from '#kernel';
import {
  ChangeAccountRoles,
  CreateAccount,
  RelinquishIndependentAccount,
  RemoveAccountUser,
  TransferAccountOwnership,
} from './account.commands.ts';
import { type Account, type AccountCommand, account } from './account.ts';
import { AccountLimit } from './account-limit.ts';
import { mayDisposeOfAccount, mayManageAccount } from './account-rights.ts';
import { Owners, ownerNotManaged } from './owners.ts';

export const accountAnswer = (state: Account): object => {
  if (state.status === 'unknown') return {};
  const { accountId, organizationId, name, status, ownerId, twoFactorRequired } = state;
  return { accountId, organizationId, name, status, ownerId, twoFactorRequired };
};

const answerFor = (userId: string) => (state: Account) =>
  state.status === 'unknown' ? {} : { accountId: state.accountId, userId, roles: state.access[userId] ?? [] };

/** rules.md 1.6: everybody of the organization may; a Standard User only for themselves. */
const mayCreate = (principal: Principal, { organizationId, ownerId }: CreateAccount): Refusal | undefined => {
  const { role, userId } = principal;
  const forOthers = role === 'standard_user' && (ownerId ?? userId) !== userId;
  return mayCreateAccounts(principal, organizationId) ?? (forOthers ? forbidden : undefined);
};

@Injectable()
@CommandHandler(CreateAccount)
export class CreateAccountHandler implements ICommandHandler<CreateAccount, Outcome> {
  readonly #execution: Execution;
  readonly #owners: Owners;
  readonly #limit: AccountLimit;

  constructor(execution: Execution, owners: Owners, limit: AccountLimit) {
    this.#execution = execution;
    this.#owners = owners;
    this.#limit = limit;
  }

  async execute(command: CreateAccount): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const { organizationId, name } = command;
    const accountId = command.accountId ?? idFrom(envelope.commandId, 'acc');
    const one = { decider: account, id: accountId, answer: accountAnswer };
    const refused = (await this.#execution.repeated(one, envelope)) ?? mayCreate(envelope.principal, command);
    if (refused) return refused;
    const ownerId = command.ownerId ?? envelope.principal.userId;
    const owner =
      ownerId === null
        ? await this.#owners.ofOrganization(organizationId)
        : await this.#owners.managed(ownerId, organizationId);
    const { state: before } = await this.#execution.load(account, accountId);
    const make = () =>
      this.#execution.run(
        {
          ...one,
          command: (state: Account): AccountCommand | Refusal =>
            owner || state.status !== 'unknown'
              ? { type: 'CreateAccount', accountId, organizationId, name, owner: owner ?? nobody }
              : ownerNotManaged,
        },
        envelope,
      );
    if (!owner || before.status !== 'unknown') return make();
    return conflictWithNew(envelope) ?? this.#limit.within(organizationId, accountId, envelope, make);
  }
}

/** A repeated creation is answered from what it wrote, whoever has left meanwhile. */
const nobody = { userId: '', email: '', domain: '', givenName: '', familyName: '' };

/** ACC-07 for a person; for the product what somebody leaves behind, which falls to the Organization Owner (AMB-06). */
@Injectable()
@CommandHandler(TransferAccountOwnership)
export class TransferAccountOwnershipHandler implements ICommandHandler<TransferAccountOwnership, Outcome> {
  readonly #execution: Execution;
  readonly #owners: Owners;

  constructor(execution: Execution, owners: Owners) {
    this.#execution = execution;
    this.#owners = owners;
  }

  async execute(command: TransferAccountOwnership): Promise<Outcome> {
    const envelope = envelopeOf(command);
    return envelope.principal.type === 'system'
      ? this.#replace(command, envelope)
      : this.#transfer(command, envelope);
  }

  async #transfer({ accountId, newOwnerId }: TransferAccountOwnership, envelope: Envelope): Promise<Outcome> {
    const { state } = await this.#execution.load(account, accountId);
    const home = state.status === 'unknown' ? null : state.organizationId;
    const to = home === null ? undefined : await this.#owners.managed(newOwnerId, home);
    return this.#execution.run(
      {
        decider: account,
        id: accountId,
        authorize: mayDisposeOfAccount,
        command: (now: Account): AccountCommand | Refusal => {
          const isHome = now.status !== 'unknown' && now.organizationId === home;
          if (home !== null && !(to && isHome)) return ownerNotManaged;
          return { type: 'TransferAccountOwnership', to: to ?? nobody };
        },
        answer: accountAnswer,
      },
      envelope,
    );
  }

  async #replace(
    { accountId, newOwnerId, organizationId = '', from = '', cause = null }: TransferAccountOwnership,
    envelope: Envelope,
  ): Promise<Outcome> {
    const to = await this.#owners.heir(organizationId, newOwnerId);
    if (!to) return { done: true };
    return this.#execution.run(
      {
        decider: account,
        id: accountId,
        command: { type: 'ReplaceOwner', organizationId, from, to, cause },
      },
      envelope,
    );
  }
}

@Injectable()
@CommandHandler(ChangeAccountRoles)
export class ChangeAccountRolesHandler implements ICommandHandler<ChangeAccountRoles, Outcome> {
  readonly #execution: Execution;
  readonly #owners: Owners;

  constructor(execution: Execution, owners: Owners) {
    this.#execution = execution;
    this.#owners = owners;
  }

  async execute(command: ChangeAccountRoles): Promise<Outcome> {
    const { accountId, userId, roles, confirmAdministratorDowngrade } = command;
    const { state } = await this.#execution.load(account, accountId);
    const home = state.status === 'unknown' ? null : state.organizationId;
    const newcomer =
      home !== null && state.status !== 'unknown' && !state.access[userId]
        ? await this.#owners.managed(userId, home)
        : undefined;
    return this.#execution.run(
      {
        decider: account,
        id: accountId,
        authorize: mayManageAccount,
        command: (now: Account): AccountCommand =>
          newcomer && now.status !== 'unknown' && !now.access[userId] && now.organizationId === home
            ? { type: 'GrantAccountAccess', user: newcomer, roles, invitationId: null }
            : { type: 'ChangeAccountRoles', userId, roles, confirmAdministratorDowngrade },
        answer: answerFor(userId),
      },
      envelopeOf(command),
    );
  }
}

/** From a managed account by who manages it; from an independent one also by the organization of the person (USR-11). */
@Injectable()
@CommandHandler(RemoveAccountUser)
export class RemoveAccountUserHandler implements ICommandHandler<RemoveAccountUser, Outcome> {
  readonly #execution: Execution;
  readonly #owners: Owners;

  constructor(execution: Execution, owners: Owners) {
    this.#execution = execution;
    this.#owners = owners;
  }

  async execute(command: RemoveAccountUser): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const { accountId, userId, acknowledgements } = command;
    const home = await this.#owners.homeOf(userId);
    const ours = (state: Account, { organizationId }: Principal) =>
      state.status !== 'unknown' &&
      organizationId !== null &&
      organizationId === home &&
      state.sharedWith.includes(organizationId);
    return this.#execution.run(
      {
        decider: account,
        id: accountId,
        authorize: (principal, state) => {
          const refused = mayManageAccount(principal, state);
          const { role, emailVerified } = principal;
          const may = ours(state, principal) && (role === 'owner' || role === 'administrator');
          return refused === forbidden && may && emailVerified ? undefined : refused;
        },
        command: (state: Account): AccountCommand => ({
          type: 'RemoveAccountUser',
          userId,
          irreversible: state.status !== 'unknown' && state.organizationId === null,
          acknowledgements,
        }),
        answer: answerFor(userId),
      },
      envelope,
    );
  }
}

@Injectable()
@CommandHandler(RelinquishIndependentAccount)
export class RelinquishIndependentAccountHandler
  implements ICommandHandler<RelinquishIndependentAccount, Outcome>
{
  readonly #execution: Execution;
  readonly #owners: Owners;

  constructor(execution: Execution, owners: Owners) {
    this.#execution = execution;
    this.#owners = owners;
  }

  async execute(command: RelinquishIndependentAccount): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const { organizationId, accountId, acknowledgements } = command;
    const one = { decider: account, id: accountId, answer: () => ({ accountId }) };
    const refused =
      (await this.#execution.repeated(one, envelope)) ?? mayManage(envelope.principal, organizationId);
    if (refused) return refused;
    const { state } = await this.#execution.load(account, accountId);
    if (state.status === 'unknown') return notFound;
    const homes = await Promise.all(
      Object.keys(state.access).map(async (userId) => [userId, await this.#owners.homeOf(userId)] as const),
    );
    const userIds = homes.flatMap(([userId, home]) => (home === organizationId ? [userId] : []));
    return this.#execution.run(
      {
        ...one,
        command: { type: 'RelinquishIndependentAccount', organizationId, userIds, acknowledgements },
      },
      envelope,
    );
  }
}
