import { Injectable } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Execution, envelopeOf, mustBeDecided, type Outcome, systemOnly } from '#commands';
import { isRefusal } from '#kernel';
import { LogHead } from '#queries';
import { ReadModels } from '#read-models';
import { TellAccountsOfUser } from './account.commands.ts';
import { account } from './account.ts';
import type { AccountUserView } from './account-users.projection.ts';
import { Owners } from './owners.ts';

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
    let last: Outcome = { done: true };
    for await (const { accountId: id } of accounts) {
      const step = { ...envelope, commandId: `${envelope.commandId}/${id}` };
      const command = { type: 'UpdateAccountUser', user } as const;
      const outcome = mustBeDecided(await this.#execution.run({ decider: account, id, command }, step));
      if (!isRefusal(outcome)) last = outcome;
    }
    return last;
  }
}
