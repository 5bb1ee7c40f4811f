import { describe, expect, it } from '@jest/globals';
import { specify } from '#kernel';
import { userDeletion, userRemoval } from './user.departure.ts';
import type { UserEvent } from './user.events.ts';
import { type UserCommand, user } from './user.ts';

const { given } = specify(user);
const now = '2026-03-01T10:00:00.000Z';
const until = '2026-03-01T10:01:00.000Z';

const person = {
  userId: 'usr_1',
  email: 'anna@corporate.example',
  domain: 'corporate.example',
  givenName: 'Anna',
  familyName: 'Berg',
};
const member = { userId: 'usr_1', organizationId: 'org_1' };
const registered: UserEvent = {
  type: 'UserRegistered',
  data: {
    ...person,
    registeredAt: now,
    status: 'active',
    via: 'sign_up',
    founds: null,
    joinsAfterVerification: null,
  },
};
const joined: UserEvent = {
  type: 'UserJoinedOrg',
  data: {
    ...person,
    organizationId: 'org_1',
    role: 'administrator',
    via: 'invitation',
    invitationId: 'inv_1',
    joinedAt: now,
    emailVerified: true,
    ownedAccountIds: [],
  },
};
const managed = [registered, joined];
const nominated: UserEvent = { type: 'OwnerNominated', data: { ...member, until } };

const codes = (acknowledgements: readonly { code: string }[]) => acknowledgements.map(({ code }) => code);

const leaving = { ownerId: 'usr_9', owned: [], accountIds: [], managed: [] };
const remove = { type: 'RemoveUser', ...leaving, acknowledgements: codes(userRemoval) } as const;
const erase = { type: 'DeleteUser', ...leaving, acknowledgements: codes(userDeletion) } as const;
const lapse: UserCommand = {
  type: 'LeaveOrganization',
  organizationId: 'org_1',
  reason: 'domain_validation_lapsed',
  cause: { type: 'domain', id: 'dom_1' },
  ownerId: 'usr_9',
  accountIds: ['acc_2'],
};
const removed = (more: object): UserEvent =>
  ({
    type: 'UserRemovedFromOrg',
    data: {
      ...member,
      role: 'administrator',
      email: person.email,
      domain: person.domain,
      givenName: 'Anna',
      familyName: 'Berg',
      reason: 'manual',
      cause: null,
      acknowledgements: userRemoval,
      accountOwners: {},
      accountIds: [],
      removedAt: now,
      ...more,
    },
  }) as UserEvent;
const deleted: readonly UserEvent[] = [
  {
    type: 'UserDeleted',
    data: { ...member, acknowledgements: userDeletion, deletedAt: now },
  },
  { type: 'UserDataErased', data: { userId: 'usr_1', keyId: 'usr_1' } },
];

describe('removing a user from the organization', () => {
  it('ACK-01: shows exactly these sentences, and is refused until each is acknowledged', () => {
    expect(userRemoval.map(({ sentence }) => sentence)).toEqual([
      'This user will be removed from the Organization.',
      'This user will lose access to all managed accounts.',
      'The user will lose access to any role granted by the Organization.',
      'Access to managed accounts can still be granted in the future.',
      'The Organization will no longer be able to control the lifecycle or setting of the user.',
    ]);
    for (const missing of codes(userRemoval)) {
      const refusal = given(...managed)
        .when({ ...remove, acknowledgements: codes(userRemoval).filter((code) => code !== missing) })
        .thenRefused('acknowledgements_required');
      expect(refusal.members).toEqual({ required: userRemoval });
    }
  });

  it('USR-08: ends the membership; the event says why, with what was acknowledged, and who had access to what', () => {
    given(...managed)
      .when({ ...remove, accountIds: ['acc_1', 'acc_2'] }, { now })
      .then(removed({ accountIds: ['acc_1', 'acc_2'] }));
  });

  it('USR-08: every owned account needs a named next owner who is an active managed user; all others are listed', () => {
    const owning = { ...remove, owned: ['acc_1', 'acc_2', 'acc_3'], managed: ['usr_2'] };
    expect(
      given(...managed)
        .when({ ...owning, accountOwners: { acc_2: 'usr_2' } })
        .thenRefused('account_owner_required').members,
    ).toEqual({ accounts: ['acc_1', 'acc_3'] });
    expect(
      given(...managed)
        .when({ ...owning, accountOwners: { acc_1: 'usr_2', acc_2: 'usr_3', acc_3: 'usr_4' } })
        .thenRefused('owner_not_managed').members,
    ).toEqual({ accounts: ['acc_2', 'acc_3'] });
    given(...managed)
      .when(
        {
          ...owning,
          accountOwners: { acc_1: 'usr_2', acc_2: 'usr_2', acc_3: 'usr_2', acc_9: 'usr_2' },
        },
        { now },
      )
      .then(removed({ accountOwners: { acc_1: 'usr_2', acc_2: 'usr_2', acc_3: 'usr_2' } }));
  });

  it('USR-09: the removed person may stay the owner', () => {
    given(...managed)
      .when({ ...remove, owned: ['acc_1'], accountOwners: { acc_1: 'usr_1' } }, { now })
      .then(removed({ accountOwners: { acc_1: 'usr_1' } }));
    expect(given(...managed, removed({ accountOwners: { acc_1: 'usr_1' } })).state()).toMatchObject({
      status: 'active',
      keptAccounts: ['acc_1'],
      accountOwners: { org_1: { acc_1: 'usr_1' } },
    });
  });

  it('USR-08, USR-09: who has left one more organization took along and named what they did in the one before', () => {
    const first = removed({ accountOwners: { acc_1: 'usr_1', acc_2: 'usr_2', acc_3: 'usr_1' } });
    const there = { type: 'UserJoinedOrg', data: { ...joined.data, organizationId: 'org_2' } } as UserEvent;
    const leaving = (more: object) => removed({ organizationId: 'org_2', ...more });
    const named = { org_1: { acc_1: 'usr_1', acc_2: 'usr_2', acc_3: 'usr_1' } };
    expect(
      given(...managed, first, there, leaving({ accountIds: ['acc_3', 'acc_4'] })).state(),
    ).toMatchObject({ keptAccounts: ['acc_1'], accountOwners: named });
    expect(
      given(...managed, first, there, leaving({ accountOwners: { acc_3: 'usr_5' } })).state(),
    ).toMatchObject({ keptAccounts: ['acc_1'], accountOwners: { ...named, org_2: { acc_3: 'usr_5' } } });
    expect(
      given(...managed, first, joined, removed({ accountIds: ['acc_1', 'acc_3'] })).state(),
    ).toMatchObject({
      keptAccounts: [],
      accountOwners: {},
    });
  });

  it('USR-08: the person stays, may be removed once, and may come again', () => {
    given(...managed, removed({}))
      .when(remove)
      .thenRefused('not_found');
    expect(given(...managed, removed({})).state()).toEqual(given(registered).state());
    given(...managed, removed({}))
      .when(
        {
          type: 'JoinOrganization',
          organizationId: 'org_2',
          role: 'standard_user',
          via: 'import',
          invitationId: null,
        },
        { now },
      )
      .then({
        ...joined,
        data: {
          ...joined.data,
          organizationId: 'org_2',
          role: 'standard_user',
          via: 'import',
          invitationId: null,
          emailVerified: false,
        },
      } as UserEvent);
  });

  it('ACK-01: what the organization imposed ends with it', () => {
    const imposed: UserEvent[] = [
      {
        type: 'TwoFactorRequirementChanged',
        data: { ...member, required: true, previousRequired: false },
      },
      { type: 'UserDeactivated', data: member },
    ];
    expect(given(...managed, ...imposed, removed({})).state()).toEqual(given(registered).state());
  });

  it.each([
    ['the Owner', { ownerId: 'usr_1' }, managed],
    ['who is about to be it', {}, [...managed, nominated]],
  ])('ORG-11: %s is neither removed nor deleted nor lost', (_who, more, past) => {
    given(...past)
      .when({ ...remove, ...more }, { now })
      .thenRefused('owner_not_removable');
    given(...past)
      .when({ ...erase, ...more }, { now })
      .thenRefused('owner_not_removable');
    given(...past)
      .when({ ...lapse, ...more }, { now })
      .thenRefused('owner_not_removable');
  });

  it('ORG-11: a nomination that came to nothing keeps nobody', () => {
    given(...managed, nominated)
      .when(remove, { now: until })
      .then(removed({ removedAt: until }));
  });

  it('the order of refusals: the Owner, then acknowledgements, then accounts', () => {
    const all = { ...remove, acknowledgements: [], owned: ['acc_1'] };
    given(...managed)
      .when({ ...all, ownerId: 'usr_1' })
      .thenRefused('owner_not_removable');
    given(...managed)
      .when(all)
      .thenRefused('acknowledgements_required');
  });
});

describe('leaving without being asked', () => {
  it('AMB-06: needs no acknowledgement and names no owners; the cause stands in the event', () => {
    given(...managed)
      .when(lapse, { now })
      .then(
        removed({
          reason: 'domain_validation_lapsed',
          cause: { type: 'domain', id: 'dom_1' },
          acknowledgements: [],
          accountIds: ['acc_2'],
        }),
      );
  });

  it('who is not, or no longer, in that organization does not leave it', () => {
    given(...managed, removed({}))
      .when(lapse)
      .thenNothing();
    given(...managed)
      .when({ ...lapse, organizationId: 'org_2' })
      .thenNothing();
  });
});

describe('deleting a user', () => {
  it('ACK-02: shows exactly these sentences', () => {
    expect(userDeletion.map(({ sentence }) => sentence)).toEqual([
      'This action deletes the data associated with the users, but not the accounts the user owns or has access to.',
      'The user will lose all access immediately.',
      'All user data will be deleted immediately.',
      'This action can not be reversed.',
    ]);
    expect(
      given(...managed)
        .when({ ...erase, acknowledgements: codes(userRemoval) })
        .thenRefused('acknowledgements_required').members,
    ).toEqual({ required: userDeletion });
  });

  it('USR-10: removes, deletes and erases in one decision; only a tombstone stays', () => {
    given(...managed)
      .when(
        {
          ...erase,
          owned: ['acc_1'],
          accountIds: ['acc_1'],
          managed: ['usr_2'],
          accountOwners: { acc_1: 'usr_2' },
        },
        { now },
      )
      .then(
        removed({
          reason: 'deleted',
          acknowledgements: userDeletion,
          accountOwners: { acc_1: 'usr_2' },
          accountIds: ['acc_1'],
        }),
        ...deleted,
      );
    const accountOwners = { acc_1: 'usr_2' };
    expect(given(...managed, removed({ reason: 'deleted', accountOwners }), ...deleted).state()).toEqual({
      status: 'deleted',
      userId: 'usr_1',
      accountOwners: { org_1: accountOwners },
    });
  });

  it('USR-10: the deleted person owns nothing further', () => {
    given(...managed)
      .when({ ...erase, owned: ['acc_1'], accountOwners: { acc_1: 'usr_1' } })
      .thenRefused('owner_not_managed');
  });

  it('USR-10: a deleted person is gone for every command', () => {
    const gone = [...managed, removed({ reason: 'deleted' }), ...deleted];
    const commands: UserCommand[] = [
      remove,
      erase,
      lapse,
      { type: 'UpdateProfile', givenName: 'x' },
      { type: 'ReactivateUser' },
      {
        type: 'JoinOrganization',
        organizationId: 'org_1',
        role: 'standard_user',
        via: 'invitation',
        invitationId: null,
      },
      {
        type: 'RegisterPendingUser',
        userId: 'usr_1',
        email: person.email,
        domain: person.domain,
        invitationId: 'inv_2',
        organizationId: 'org_1',
      },
    ];
    for (const command of commands)
      given(...gone)
        .when(command)
        .thenRefused('not_found');
  });
});
