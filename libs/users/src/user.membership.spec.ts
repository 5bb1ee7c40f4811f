import { describe, expect, it } from '@jest/globals';
import { specify } from '#kernel';
import type { UserEvent } from './user.events.ts';
import { type UserCommand, user } from './user.ts';

const { given } = specify(user);
const now = '2026-03-01T10:00:00.000Z';
const later = '2026-03-01T10:01:00.000Z';
const expiresAt = '2026-03-08T10:00:00.000Z';

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
const verified: UserEvent = {
  type: 'EmailVerified',
  data: { userId: 'usr_1', via: 'verification_link', joins: null },
};
const joined: UserEvent = {
  type: 'UserJoinedOrg',
  data: {
    ...person,
    organizationId: 'org_1',
    role: 'standard_user',
    via: 'invitation',
    invitationId: 'inv_1',
    joinedAt: now,
    emailVerified: true,
    ownedAccountIds: [],
  },
};
const managed = [registered, verified, joined];
const deactivated: UserEvent = { type: 'UserDeactivated', data: member };
const reactivated: UserEvent = { type: 'UserReactivated', data: member };
const deleted: UserEvent = { type: 'UserDeleted', data: { ...member, acknowledgements: [], deletedAt: now } };
const nominated: UserEvent = { type: 'OwnerNominated', data: { ...member, until: later } };
const ownerNow: UserEvent = {
  type: 'OrganizationRoleChanged',
  data: { ...member, role: 'owner', previousRole: 'standard_user' },
};

const toRole = (role: 'owner' | 'administrator' | 'standard_user', ownerId = 'usr_9'): UserCommand => ({
  type: 'ChangeOrganizationRole',
  role,
  ownerId,
});

describe('a managed user', () => {
  it('USR-01, ROL-01: gets another role, and the event tells the role before; the same role writes nothing', () => {
    given(...managed)
      .when(toRole('administrator'))
      .then({
        type: 'OrganizationRoleChanged',
        data: { ...member, role: 'administrator', previousRole: 'standard_user' },
      });
    given(...managed)
      .when(toRole('standard_user'))
      .thenNothing();
  });

  it('ROL-04, ORG-11: nobody becomes Owner and no Owner becomes anything else by a role', () => {
    given(...managed)
      .when(toRole('owner'))
      .thenRefused('owner_role_by_transfer_only');
    given(...managed)
      .when(toRole('administrator', 'usr_1'))
      .thenRefused('owner_role_by_transfer_only');
    given(...managed, nominated)
      .when(toRole('administrator'), { now })
      .thenRefused('owner_role_by_transfer_only');
    given(...managed, nominated)
      .when(toRole('administrator'), { now: later })
      .then({
        type: 'OrganizationRoleChanged',
        data: { ...member, role: 'administrator', previousRole: 'standard_user' },
      });
  });

  it('USR-07, SEC-05: two-factor sign-in is required and released', () => {
    const required: UserEvent = {
      type: 'TwoFactorRequirementChanged',
      data: { ...member, required: true, previousRequired: false },
    };
    given(...managed)
      .when({ type: 'RequireTwoFactor', required: true })
      .then(required);
    given(...managed, required)
      .when({ type: 'RequireTwoFactor', required: true })
      .thenNothing();
    given(...managed, required)
      .when({ type: 'RequireTwoFactor', required: false })
      .then({
        type: 'TwoFactorRequirementChanged',
        data: { ...member, required: false, previousRequired: true },
      });
  });

  it('AMB-16, USR-16: is deactivated and reactivated, each once, and keeps everything else', () => {
    const deactivate: UserCommand = { type: 'DeactivateUser', ownerId: 'usr_9' };
    given(...managed)
      .when(deactivate)
      .then(deactivated);
    given(...managed, deactivated)
      .when(deactivate)
      .thenNothing();
    given(...managed, deactivated)
      .when({ type: 'ReactivateUser' })
      .then(reactivated);
    given(...managed)
      .when({ type: 'ReactivateUser' })
      .thenNothing();
    expect(given(...managed, deactivated, reactivated).state()).toEqual(given(...managed).state());
    expect(given(...managed, deactivated).state()).toEqual({
      ...given(...managed).state(),
      status: 'deactivated',
    });
  });

  it('ORG-11: the Owner, and whoever is about to be it, is not deactivated', () => {
    given(...managed)
      .when({ type: 'DeactivateUser', ownerId: 'usr_1' })
      .thenRefused('owner_not_removable');
    given(...managed, nominated)
      .when({ type: 'DeactivateUser', ownerId: 'usr_9' }, { now })
      .thenRefused('owner_not_removable');
  });

  it('AMB-17: gets another address, which is to be proved by a new link', () => {
    const change: UserCommand = {
      type: 'ChangeEmail',
      email: 'anna.ray@corporate.example',
      domain: 'corporate.example',
      tokenHash: 'hash2',
      tokenExpiresAt: expiresAt,
    };
    const changed: UserEvent = {
      type: 'UserEmailChanged',
      data: {
        ...member,
        email: 'anna.ray@corporate.example',
        domain: 'corporate.example',
        previousEmail: 'anna@corporate.example',
        previousDomain: 'corporate.example',
      },
    };
    const requested: UserEvent = {
      type: 'EmailVerificationRequested',
      data: { userId: 'usr_1', generation: 1, tokenHash: 'hash2', expiresAt },
    };
    given(...managed)
      .when(change)
      .then(changed, requested);
    expect(given(...managed, changed, requested).state()).toMatchObject({
      email: 'anna.ray@corporate.example',
      emailVerified: false,
    });
    given(...managed, changed, requested)
      .when(change)
      .thenNothing();
  });

  it('ORG-11: an active managed user is nominated; nobody else is', () => {
    const nominate: UserCommand = { type: 'NominateOwner', organizationId: 'org_1', until: later };
    given(...managed)
      .when(nominate)
      .then(nominated);
    given(...managed, nominated)
      .when(nominate)
      .thenNothing();
    given(...managed, deactivated)
      .when(nominate)
      .thenRefused('owner_not_managed');
    given(...managed)
      .when({ ...nominate, organizationId: 'org_2' })
      .thenRefused('owner_not_managed');
    given(registered).when(nominate).thenRefused('not_found');
  });

  it('ORG-11: follows what the organization says of its Owner, and is then nominated no longer', () => {
    given(...managed, nominated)
      .when({ type: 'FollowOwnership', organizationId: 'org_1', role: 'owner' })
      .then(ownerNow);
    given(...managed, nominated, ownerNow)
      .when({ type: 'FollowOwnership', organizationId: 'org_1', role: 'owner' })
      .thenNothing();
    given(...managed, nominated, ownerNow)
      .when({ type: 'FollowOwnership', organizationId: 'org_1', role: 'administrator' })
      .then({
        type: 'OrganizationRoleChanged',
        data: { ...member, role: 'administrator', previousRole: 'owner' },
      });
    given(registered).when({ type: 'FollowOwnership', organizationId: 'org_1', role: 'owner' }).thenNothing();
    given(...managed, deleted)
      .when({ type: 'FollowOwnership', organizationId: 'org_1', role: 'administrator' })
      .thenNothing();
    given(...managed)
      .when({ type: 'FollowOwnership', organizationId: 'org_2', role: 'owner' })
      .thenNothing();
  });

  it('ORG-11: what an earlier transfer still has to say does not end a nomination', () => {
    const follow: UserCommand = {
      type: 'FollowOwnership',
      organizationId: 'org_1',
      role: 'administrator',
    };
    const followed: UserEvent = {
      type: 'OrganizationRoleChanged',
      data: { ...member, role: 'administrator', previousRole: 'standard_user' },
    };
    given(...managed, nominated)
      .when(follow)
      .then(followed);
    given(...managed, nominated, followed)
      .when(follow)
      .thenNothing();
    given(...managed, nominated, followed)
      .when({ type: 'DeactivateUser', ownerId: 'usr_9' }, { now })
      .thenRefused('owner_not_removable');
  });

  it('what an organization says of its people needs one that manages them', () => {
    const commands: UserCommand[] = [
      toRole('administrator'),
      { type: 'RequireTwoFactor', required: true },
      { type: 'DeactivateUser', ownerId: 'usr_9' },
      { type: 'ReactivateUser' },
    ];
    for (const command of commands) {
      given(registered).when(command).thenRefused('not_found');
      given().when(command).thenRefused('not_found');
    }
  });
});

describe('a person without an organization', () => {
  it('ORG-05, AMB-27: founds one, once', () => {
    const found: UserCommand = {
      type: 'FoundOrganization',
      organizationId: 'org_5',
      organizationName: 'Own',
    };
    const founded: UserEvent = {
      type: 'OrganizationFounded',
      data: { userId: 'usr_1', organizationId: 'org_5', organizationName: 'Own' },
    };
    given(registered).when(found).then(founded);
    given(registered, founded).when(found).thenNothing();
  });

  it('AMB-14: who belongs to one already, or is about to, does not', () => {
    const found: UserCommand = {
      type: 'FoundOrganization',
      organizationId: 'org_5',
      organizationName: 'Own',
    };
    given(...managed)
      .when(found)
      .thenRefused('user_belongs_to_another_organization');
    given(registered, {
      type: 'OrganizationFounded',
      data: { userId: 'usr_1', organizationId: 'org_6', organizationName: 'Other' },
    })
      .when(found)
      .thenRefused('user_belongs_to_another_organization');
  });
});

describe('AMB-28: somebody whose domain lets its people in', () => {
  const waiting: UserEvent = {
    ...registered,
    data: { ...registered.data, joinsAfterVerification: 'org_1' },
  } as UserEvent;
  const requested: UserEvent = {
    type: 'EmailVerificationRequested',
    data: { userId: 'usr_1', generation: 1, tokenHash: 'hash1', expiresAt },
  };

  it('founds nothing, and proving the address says where they may join', () => {
    given()
      .when(
        {
          type: 'SignUp',
          ...person,
          founds: null,
          joinsAfterVerification: 'org_1',
          tokenHash: 'hash1',
          tokenExpiresAt: expiresAt,
        },
        { now },
      )
      .then(waiting, requested);
    given(waiting, requested)
      .when({ type: 'VerifyEmail', tokenHash: 'hash1' }, { now })
      .then({ type: 'EmailVerified', data: { userId: 'usr_1', via: 'verification_link', joins: 'org_1' } });
  });

  it('joins as the one who proved it, with a proved address', () => {
    given(waiting, requested, {
      type: 'EmailVerified',
      data: { userId: 'usr_1', via: 'verification_link', joins: 'org_1' },
    })
      .when(
        {
          type: 'JoinOrganization',
          organizationId: 'org_1',
          role: 'standard_user',
          via: 'auto_join',
          invitationId: null,
        },
        { now },
      )
      .then({ ...joined, data: { ...joined.data, via: 'auto_join', invitationId: null } } as UserEvent);
  });
});
