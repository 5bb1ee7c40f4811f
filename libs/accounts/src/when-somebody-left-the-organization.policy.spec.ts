import { describe, expect, it } from '@jest/globals';
import { recordedLog } from '../../../test/support/scripted-log.ts';
import { whenSomebodyJoinedBringTheirAccounts } from './when-somebody-joined-bring-their-accounts.policy.ts';
import { whenSomebodyLeftTheOrganizationPartWithTheirAccounts as left } from './when-somebody-left-the-organization-part-with-their-accounts.policy.ts';

const member = { userId: 'usr_1', organizationId: 'org_1' };
const removed = (data: object) =>
  left.on
    .UserRemovedFromOrg?.(
      recordedLog()('user-usr_1', {
        type: 'UserRemovedFromOrg',
        data: { ...member, reason: 'manual', accountOwners: {}, accountIds: [], ...data },
      }) as never,
    )
    ?.map(({ command, resource, fields }) => [command, resource.id, fields.newOwnerId]);

describe('what becomes of the accounts of somebody who left', () => {
  it('USR-08, USR-09, AMB-24: handed on, taken along, access ended; then whatever nobody named', () => {
    expect(
      removed({
        accountOwners: { acc_1: 'usr_2', acc_2: 'usr_1' },
        accountIds: ['acc_1', 'acc_2', 'acc_3'],
      }),
    ).toEqual([
      ['TransferAccountOwnership', 'acc_1', 'usr_2'],
      ['DetachAccount', 'acc_2', undefined],
      ['RevokeAccountAccess', 'acc_3', undefined],
      ['SettleRemovedUser', 'usr_1', undefined],
    ]);
  });

  it('MRG-06: a merge moves them by itself, with all access', () => {
    expect(removed({ reason: 'merge', accountIds: ['acc_1'] })).toEqual([]);
  });

  it('AMB-15: who joins brings what they took along', () => {
    const joined = recordedLog()('user-usr_1', {
      type: 'UserJoinedOrg',
      data: { ...member, ownedAccountIds: ['acc_2'] },
    });
    expect(whenSomebodyJoinedBringTheirAccounts.on.UserJoinedOrg?.(joined as never)).toEqual([
      {
        command: 'AttachAccount',
        fields: {
          accountId: 'acc_2',
          organizationId: 'org_1',
          from: null,
          cause: { type: 'owner_joined', id: 'usr_1' },
        },
        resource: { type: 'account', id: 'acc_2' },
      },
    ]);
  });
});
