import { describe, expect, it } from '@jest/globals';
import { recordedLog } from '../../../test/support/scripted-log.ts';
import { whenInvitationAcceptedJoinTheOrganization } from './when-invitation-accepted-join-the-organization.policy.ts';

const followOns = (offer: object) =>
  whenInvitationAcceptedJoinTheOrganization.on
    .InviteAccepted?.(
      recordedLog()('invitation-inv_1', {
        type: 'InviteAccepted',
        data: {
          invitationId: 'inv_1',
          organizationId: 'org_1',
          userId: 'usr_2',
          role: null,
          accountId: null,
          accounts: [],
          joinsOrganizationId: null,
          absorbs: null,
          givenName: 'Bob',
          familyName: 'Ray',
          ...offer,
        },
      }) as never,
    )
    ?.map(({ command, fields, otherwise }) => [command, fields, otherwise?.command]);

const accounts = [{ accountId: 'acc_1', roles: ['support'] }];
const [join, adopt] = ['JoinOrganization', 'AdoptPassword'];

describe('what follows an acceptance', () => {
  it('INV-11: where it merges an organization, the merge begins instead of a joining', () => {
    expect(followOns({ role: 'administrator', absorbs: 'org_2' })?.[1]).toEqual([
      'StartMerge',
      {
        invitationId: 'inv_1',
        organizationId: 'org_1',
        candidateOrganizationId: 'org_2',
        candidateOwnerId: 'usr_2',
        role: 'administrator',
      },
      'RevertAcceptance',
    ]);
  });

  it('INV-03, INV-13: with a role the person joins, then gets the accounts; a refused joining takes it back', () => {
    expect(followOns({ role: 'administrator', accounts })).toEqual([
      [adopt, expect.anything(), undefined],
      [
        join,
        expect.objectContaining({ organizationId: 'org_1', role: 'administrator', via: 'invitation' }),
        'RevertAcceptance',
      ],
      [
        'GrantAccountAccess',
        { invitationId: 'inv_1', userId: 'usr_2', accountId: 'acc_1', roles: ['support'] },
        'RecordRefusedPart',
      ],
    ]);
  });

  it('USR-04: who is there already keeps their password', () => {
    const told = followOns({ role: 'administrator', givenName: null, familyName: null });
    expect(told?.map(([command]) => command)).toEqual([join]);
  });

  it('AMB-27: to an account alone the person becomes active and joins nothing; a refused access takes it back', () => {
    expect(followOns({ accountId: 'acc_1', accounts })).toEqual([
      [adopt, expect.anything(), undefined],
      ['ActivateInvitee', { userId: 'usr_2', givenName: 'Bob', familyName: 'Ray' }, undefined],
      ['GrantAccountAccess', expect.objectContaining({ accountId: 'acc_1' }), 'RevertAcceptance'],
    ]);
  });

  it('AMB-29: under auto_join they join as Standard User too; that this is refused does not touch the access', () => {
    expect(followOns({ accountId: 'acc_1', accounts, joinsOrganizationId: 'org_9' })?.slice(2)).toEqual([
      [
        join,
        expect.objectContaining({ organizationId: 'org_9', role: 'standard_user', via: 'auto_join' }),
        'RecordRefusedPart',
      ],
      ['GrantAccountAccess', expect.anything(), 'RevertAcceptance'],
    ]);
  });
});
