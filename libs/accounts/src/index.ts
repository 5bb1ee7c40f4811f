export { CreateAccount } from './account.commands.ts';
export { type Account, type AccountCommand, type AccountEvent, account, inactive } from './account.ts';
export { AdditionDays } from './account-addition.handlers.ts';
export { type AccountAdditionEvent, accountAddition } from './account-addition.ts';
export { mayManageAccount, mayReadAccountUsers } from './account-rights.ts';
export type { AccountUserView } from './account-users.projection.ts';
export { accountsNoun } from './accounts.module.ts';
export type { AccountView } from './accounts.projection.ts';
