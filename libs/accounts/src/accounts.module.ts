import { type Noun, rowsOf, systemOnly } from '#commands';
import {
  AttachAccount,
  CloseAccount,
  CreateAccount,
  DetachAccount,
  FinishClosure,
  ReactivateAccount,
  RequireAccountTwoFactor,
  RevokeAccountAccess,
  SettleAccountAccess,
  SettleAccountOwner,
  SettleRemovedUser,
  ShareAccount,
  SuspendAccount,
  TellAccountOfUser,
  TellAccountsOfUser,
  TransferAccountOwnership,
  UpdateAccount,
} from './account.commands.ts';
import {
  accountAnswer,
  ChangeAccountRolesHandler,
  CreateAccountHandler,
  RelinquishIndependentAccountHandler,
  RemoveAccountUserHandler,
  TransferAccountOwnershipHandler,
} from './account.handlers.ts';
import { accountHistory } from './account.history.ts';
import { account } from './account.ts';
import { ExpireAccountAddition, RevertAccountAddition } from './account-addition.commands.ts';
import {
  AdditionAnswers,
  ConfirmAccountAdditionHandler,
  DeclineAccountAdditionHandler,
  RequestAccountAdditionHandler,
} from './account-addition.handlers.ts';
import { accountAdditionMail } from './account-addition.mails.ts';
import { accountAddition } from './account-addition.ts';
import { accountAdditionExpiry } from './account-addition-expiry.timer.ts';
import { AccountAdditionsController, RequestAdditionsController } from './account-additions.http.ts';
import { accountAdditionQueries } from './account-additions.queries.ts';
import { AccountEventsController } from './account-events.http.ts';
import { ListAccountEventsHandler } from './account-events.queries.ts';
import { AccountLimit } from './account-limit.ts';
import { AccountNews, TellAccountOfUserHandler, TellAccountsOfUserHandler } from './account-news.handlers.ts';
import {
  mayDisposeOfAccount,
  mayManageAccount,
  mayRenameAccount,
  maySuspendAccount,
} from './account-rights.ts';
import {
  AccountHomes,
  AttachAccountHandler,
  SettleAccountAccessHandler,
  SettleAccountOwnerHandler,
  SettleRemovedUserHandler,
} from './account-upkeep.handlers.ts';
import { accountUsers } from './account-users.projection.ts';
import { accountUserQueries } from './account-users.queries.ts';
import {
  AccountRolesController,
  AccountsController,
  OrganizationAccountsController,
} from './accounts.http.ts';
import { accounts } from './accounts.projection.ts';
import { accountQueries } from './accounts.queries.ts';
import { Owners } from './owners.ts';
import { whenAccessWasGivenAtOnceSeeThatItIsDue } from './when-access-was-given-at-once-see-that-it-is-due.policy.ts';
import { whenAccountAdditionConfirmedBringItIn } from './when-account-addition-confirmed-bring-it-in.policy.ts';
import { whenAccountAdditionRequestedMailItsOwner } from './when-account-addition-requested-mail-its-owner.policy.ts';
import { whenAccountClosureRequestedFinishIt } from './when-account-closure-requested-finish-it.policy.ts';
import { whenAccountDetachedShowItToWhoIsLeft } from './when-account-detached-show-it-to-who-is-left.policy.ts';
import { whenAnAccountChangesHandsSettleItsOwner } from './when-an-account-changes-hands-settle-its-owner.policy.ts';
import { whenSomebodyCameToAnAccountSeeWhatTheyAreCalled } from './when-somebody-came-to-an-account-see-what-they-are-called.policy.ts';
import { whenSomebodyIsCalledOtherwiseTellTheirAccounts } from './when-somebody-is-called-otherwise-tell-their-accounts.policy.ts';
import { whenSomebodyJoinedBringTheirAccounts } from './when-somebody-joined-bring-their-accounts.policy.ts';
import { whenSomebodyLeftTheOrganizationPartWithTheirAccounts } from './when-somebody-left-the-organization-part-with-their-accounts.policy.ts';

const id = ({ accountId }: { accountId: string }) => accountId;

const accountRow = rowsOf(account);

export const accountsNoun: Noun = {
  name: 'accounts',
  catalogue: accountHistory,
  commands: [
    CreateAccount,
    TransferAccountOwnership,
    FinishClosure,
    RevokeAccountAccess,
    AttachAccount,
    DetachAccount,
    ShareAccount,
    SettleAccountAccess,
    SettleAccountOwner,
    SettleRemovedUser,
    TellAccountOfUser,
    TellAccountsOfUser,
    RevertAccountAddition,
    ExpireAccountAddition,
  ],
  controllers: [
    OrganizationAccountsController,
    AccountsController,
    AccountRolesController,
    AccountEventsController,
    RequestAdditionsController,
    AccountAdditionsController,
  ],
  providers: [
    Owners,
    AccountLimit,
    AccountHomes,
    AdditionAnswers,
    RequestAccountAdditionHandler,
    ConfirmAccountAdditionHandler,
    DeclineAccountAdditionHandler,
    CreateAccountHandler,
    TransferAccountOwnershipHandler,
    ChangeAccountRolesHandler,
    RemoveAccountUserHandler,
    RelinquishIndependentAccountHandler,
    AttachAccountHandler,
    SettleAccountAccessHandler,
    SettleAccountOwnerHandler,
    SettleRemovedUserHandler,
    AccountNews,
    TellAccountOfUserHandler,
    TellAccountsOfUserHandler,
    ...accountQueries,
    ListAccountEventsHandler,
    ...accountUserQueries,
    ...accountAdditionQueries,
  ],
  mails: [accountAdditionMail],
  timers: [accountAdditionExpiry],
  projections: [accounts, accountUsers],
  policies: [
    whenAccessWasGivenAtOnceSeeThatItIsDue,
    whenAccountAdditionConfirmedBringItIn,
    whenAccountAdditionRequestedMailItsOwner,
    whenAccountClosureRequestedFinishIt,
    whenAccountDetachedShowItToWhoIsLeft,
    whenAnAccountChangesHandsSettleItsOwner,
    whenSomebodyCameToAnAccountSeeWhatTheyAreCalled,
    whenSomebodyIsCalledOtherwiseTellTheirAccounts,
    whenSomebodyJoinedBringTheirAccounts,
    whenSomebodyLeftTheOrganizationPartWithTheirAccounts,
  ],
  rows: [
    accountRow({
      on: UpdateAccount,
      id,
      authorize: mayRenameAccount,
      command: ({ name }) => ({ type: 'UpdateAccount', name }),
      answer: accountAnswer,
    }),
    accountRow({
      on: RequireAccountTwoFactor,
      id,
      authorize: mayManageAccount,
      command: ({ required }) => ({ type: 'RequireAccountTwoFactor', required }),
      answer: accountAnswer,
    }),
    accountRow({
      on: SuspendAccount,
      id,
      authorize: maySuspendAccount,
      command: () => ({ type: 'SuspendAccount' }),
      answer: accountAnswer,
    }),
    accountRow({
      on: ReactivateAccount,
      id,
      authorize: maySuspendAccount,
      command: () => ({ type: 'ReactivateAccount' }),
      answer: accountAnswer,
    }),
    accountRow({
      on: CloseAccount,
      id,
      authorize: mayDisposeOfAccount,
      command: ({ acknowledgements }) => ({ type: 'CloseAccount', acknowledgements }),
      answer: accountAnswer,
    }),
    rowsOf(accountAddition)({
      on: RevertAccountAddition,
      id: ({ additionId }) => additionId,
      authorize: systemOnly,
      command: ({ reason }) => ({ type: 'RevertAccountAddition', reason }),
    }),
    rowsOf(accountAddition)({
      on: ExpireAccountAddition,
      id: ({ additionId }) => additionId,
      authorize: systemOnly,
      command: () => ({ type: 'ExpireAccountAddition' }),
    }),
    accountRow({
      on: FinishClosure,
      id,
      authorize: systemOnly,
      command: () => ({ type: 'FinishClosure' }),
    }),
    accountRow({
      on: RevokeAccountAccess,
      id,
      authorize: systemOnly,
      command: ({ organizationId, userId, cause }) => ({
        type: 'RevokeAccountAccess',
        organizationId,
        userId,
        cause,
      }),
    }),
    accountRow({
      on: DetachAccount,
      id,
      authorize: systemOnly,
      command: ({ organizationId, ownerId, cause }) => ({
        type: 'DetachAccount',
        organizationId,
        ownerId,
        cause,
      }),
    }),
    accountRow({
      on: ShareAccount,
      id,
      authorize: systemOnly,
      command: ({ organizationId, ownerId, cause }) => ({
        type: 'ShareAccount',
        organizationId,
        ownerId,
        cause,
      }),
    }),
  ],
};
