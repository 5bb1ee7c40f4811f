import { aboutOf, accountAdditionText, fullName, type MailKind } from '#mail';
import { organization } from '#organizations';
import { isLiving, user } from '#users';
import { account } from './account.ts';
import { accountAddition, isPending } from './account-addition.ts';

export const accountAdditionMail: MailKind = {
  kind: 'account_addition',

  async compose(entry, desk) {
    const additionId = aboutOf(entry);
    const { state } = await desk.load(accountAddition, additionId);
    if (state.status === 'unknown' || !isPending(state, desk.now())) return undefined;
    const { state: wanted } = await desk.load(account, state.accountId);
    if (wanted.status === 'unknown') return undefined;
    const { state: owner } = await desk.load(user, wanted.ownerId);
    if (!isLiving(owner)) return undefined;
    const { state: asking } = await desk.load(organization, state.organizationId);
    return {
      to: { name: fullName(owner), address: owner.email },
      ...accountAdditionText({
        givenName: owner.givenName,
        organizationName: asking.status === 'open' ? asking.name : '',
        accountName: wanted.name,
        kind: state.kind,
        expiresAt: state.expiresAt,
        page: desk.page(`/account-additions/${additionId}`),
      }),
    };
  },
};
