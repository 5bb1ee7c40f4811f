import { Injectable } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type Envelope, Execution, envelopeOf, type Outcome, systemOnly } from '#commands';
import { isRefusal } from '#kernel';
import { LogHead } from '#queries';
import { ReadModels } from '#read-models';
import { PassOnSharedAccounts, TellAccountsOfUser } from './account.commands.ts';
import { type AccountCommand, account } from './account.ts';
import type { AccountUserView } from './account-users.projection.ts';
import { Owners } from './owners.ts';

/** The same news for many accounts, a step of one command for each. */
const tellEach = async (
  accounts: AsyncIterable<{ readonly accountId: string }>,
  command: AccountCommand,
  execution: Execution,
  envelope: Envelope,
): Promise<Outcome> => {
  let last: Outcome = { done: true };
  for await (const { accountId: id } of accounts) {
    const step = { ...envelope, commandId: `${envelope.commandId}/${id}` };
    const outcome = await execution.run({ decider: account, id, command }, step);
    if (!isRefusal(outcome)) last = outcome;
  }
  return last;
};

@Injectable()
@CommandHandler(TellAccountsOfUser)
export class TellAccountsOfUserHandler implements ICommandHandler<TellAccountsOfUser, Outcome> {
  readonly #execution: Execution;
  readonly #owners: Owners;
  readonly #readModels: ReadModels;
  readonly #log: LogHead;

  constructor(execution: Execution, owners: Owners, readModels: ReadModels, log: LogHead) {
    this.#execution = execution;
    this.#owners = owners;
    this.#readModels = readModels;
    this.#log = log;
  }

  async execute(command: TellAccountsOfUser): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const refused = systemOnly(envelope.principal);
    if (refused) return refused;
    const user = await this.#owners.person(command.userId);
    if (!user) return { done: true };
    await this.#readModels.reach(await this.#log.head(), ['account-users']);
    const accounts = this.#readModels.every<AccountUserView>('account-users', {
      where: { userId: user.userId },
      by: 'accountId',
    });
    return tellEach(accounts, { type: 'UpdateAccountUser', user }, this.#execution, envelope);
  }
}

@Injectable()
@CommandHandler(PassOnSharedAccounts)
export class PassOnSharedAccountsHandler implements ICommandHandler<PassOnSharedAccounts, Outcome> {
  readonly #execution: Execution;
  readonly #readModels: ReadModels;
  readonly #log: LogHead;

  constructor(execution: Execution, readModels: ReadModels, log: LogHead) {
    this.#execution = execution;
    this.#readModels = readModels;
    this.#log = log;
  }

  async execute(command: PassOnSharedAccounts): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const refused = systemOnly(envelope.principal);
    if (refused) return refused;
    const { organizationId, intoOrganizationId } = command;
    await this.#readModels.reach(await this.#log.head(), ['accounts']);
    const accounts = this.#readModels.every<{ accountId: string }>('accounts', {
      where: { organizationId, kind: 'independent' },
      by: 'name',
    });
    const share: AccountCommand = { type: 'PassOnShare', organizationId, intoOrganizationId };
    return tellEach(accounts, share, this.#execution, envelope);
  }
}
