import { Injectable } from '@nestjs/common';
import type { AccountUserView, AccountView } from '#accounts';
import { type Page, ReadModels } from '#read-models';
import type { ActiveUser } from '#users';

const AT_ONCE = 200;

/** SEC-05: whether a person may sign in with a password alone. Their organization may say no, and any account. */
@Injectable()
export class SecondFactorRequirement {
  readonly #readModels: ReadModels;

  constructor(readModels: ReadModels) {
    this.#readModels = readModels;
  }

  async appliesTo({ userId, twoFactorRequired }: ActiveUser): Promise<boolean> {
    return twoFactorRequired || (await this.#byAnAccount(userId));
  }

  async #byAnAccount(userId: string): Promise<boolean> {
    let after: Page<AccountUserView>['next'] = null;
    do {
      const page: Page<AccountUserView> = await this.#readModels.list<AccountUserView>('account-users', {
        where: { userId },
        sort: { field: 'accountId', direction: 1 },
        limit: AT_ONCE,
        after: after ?? undefined,
        totals: false,
      });
      const ids = page.items.map(({ accountId }) => accountId);
      const accounts = await this.#readModels.many<AccountView>('accounts', ids, undefined);
      if ([...accounts.values()].some((account) => account.twoFactorRequired)) return true;
      after = page.next;
    } while (after);
    return false;
  }
}
