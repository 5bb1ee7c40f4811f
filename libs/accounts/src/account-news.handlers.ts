import { Injectable } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type Envelope, Execution, envelopeOf, mustBeDecided, type Outcome, systemOnly } from '#commands';
import { isRefusal, notFound, type Refusal } from '#kernel';
import { LogHead } from '#queries';
import { ReadModels } from '#read-models';
import { TellAccountOfUser, TellAccountsOfUser } from './account.commands.ts';
import type { Called } from './account.events.ts';
import { type AccountCommand, account } from './account.ts';
import type { AccountUserView } from './account-users.projection.ts';
import { Owners } from './owners.ts';

const nothing: Outcome = { done: true };

/** Tells accounts what people are called now, which is looked up when the account is in hand. */
@Injectable()
export class AccountNews {
  readonly #execution: Execution;
  readonly #owners: Owners;

  constructor(execution: Execution, owners: Owners) {
    this.#execution = execution;
    this.#owners = owners;
  }

  async tell(accountId: string, userId: string, envelope: Envelope, told?: Called): Promise<Outcome> {
    const outcome = await this.#execution.run(
      {
        decider: account,
        id: accountId,
        command: async (): Promise<AccountCommand | Refusal> => {
          const user = await this.#owners.person(userId);
          return user ? { type: 'UpdateAccountUser', user, told } : notFound;
        },
      },
      envelope,
    );
    return isRefusal(mustBeDecided(outcome)) ? nothing : outcome;
  }
}

@Injectable()
@CommandHandler(TellAccountOfUser)
export class TellAccountOfUserHandler implements ICommandHandler<TellAccountOfUser, Outcome> {
  readonly #news: AccountNews;

  constructor(news: AccountNews) {
    this.#news = news;
  }

  async execute(command: TellAccountOfUser): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const { accountId, userId, told } = command;
    return systemOnly(envelope.principal) ?? this.#news.tell(accountId, userId, envelope, told);
  }
}

@Injectable()
@CommandHandler(TellAccountsOfUser)
export class TellAccountsOfUserHandler implements ICommandHandler<TellAccountsOfUser, Outcome> {
  readonly #news: AccountNews;
  readonly #readModels: ReadModels;
  readonly #log: LogHead;

  constructor(news: AccountNews, readModels: ReadModels, log: LogHead) {
    this.#news = news;
    this.#readModels = readModels;
    this.#log = log;
  }

  async execute(command: TellAccountsOfUser): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const refused = systemOnly(envelope.principal);
    if (refused) return refused;
    const { userId } = command;
    await this.#readModels.reach(await this.#log.head(), ['account-users']);
    const accounts = this.#readModels.every<AccountUserView>('account-users', {
      where: { userId },
      by: 'accountId',
    });
    let last = nothing;
    for await (const { accountId } of accounts)
      last = await this.#news.tell(accountId, userId, {
        ...envelope,
        commandId: `${envelope.commandId}/${accountId}`,
      });
    return last;
  }
}
