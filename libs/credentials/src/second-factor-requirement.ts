import { Injectable } from '@nestjs/common';
import type { AccountUserView, AccountView } from '#accounts';
import { ReadModels } from '#read-models';
import type { ActiveUser } from '#users';

/** SEC-05: whether a person may sign in with a password alone. Their organization may say no, and any account. */
@Injectable()
export class SecondFactorRequirement {
  readonly #readModels: ReadModels;

  constructor(readModels: ReadModels) {
    this.#readModels = readModels;
  }

  /** Before each reading others may be heard: `between`. */
  async appliesTo(
    { userId, twoFactorRequired }: ActiveUser,
    between: () => Promise<void> = async () => undefined,
  ): Promise<boolean> {
    return twoFactorRequired || (await this.#byAnAccount(userId, between));
  }

  async #byAnAccount(userId: string, between: () => Promise<void>): Promise<boolean> {
    await between();
    for await (const held of this.#readModels.pages<AccountUserView>('account-users', {
      where: { userId },
      by: 'accountId',
    })) {
      const ids = held.map(({ accountId }) => accountId);
      await between();
      const accounts = await this.#readModels.many<AccountView>('accounts', ids, undefined);
      if ([...accounts.values()].some((account) => account.twoFactorRequired)) return true;
    }
    return false;
  }
}
