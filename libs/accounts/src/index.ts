export { CreateAccount } from './account.commands.ts';
export type { AccountEvent } from './account.ts';
export { account } from './account.ts';
export { accountsNoun } from './accounts.module.ts';
export type { AccountView } from './accounts.projection.ts';
