import { mayRename, type Noun, rowsOf, systemOnly } from '#commands';
import { CreateAccount, UpdateAccount } from './account.commands.ts';
import { accountHistory } from './account.history.ts';
import { account } from './account.ts';
import { AccountsController } from './accounts.http.ts';
import { accounts } from './accounts.projection.ts';
import { accountQueries } from './accounts.queries.ts';

const id = ({ accountId }: { accountId: string }) => accountId;

const accountRow = rowsOf(account);

export const accountsNoun: Noun = {
  name: 'accounts',
  catalogue: accountHistory,
  commands: [CreateAccount],
  controllers: [AccountsController],
  providers: accountQueries,
  projections: [accounts],
  rows: [
    accountRow({
      on: UpdateAccount,
      id,
      authorize: (principal, state) => mayRename(principal, account.organizationOf(state)),
      command: ({ name }) => ({ type: 'UpdateAccount', name }),
      answer: (state) => (state.status === 'active' ? { accountId: state.accountId, name: state.name } : {}),
    }),
    accountRow({
      on: CreateAccount,
      id,
      authorize: systemOnly,
      command: ({ accountId, organizationId, name, ownerId }) => ({
        type: 'CreateAccount',
        accountId,
        organizationId,
        name,
        ownerId,
      }),
    }),
  ],
};
