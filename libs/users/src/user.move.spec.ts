import { describe, it } from '@jest/globals';
import { specify } from '#kernel';
import type { UserEvent } from './user.events.ts';
import { user } from './user.ts';

const now = '2026-01-01T00:00:00.000Z';
const called = {
  userId: 'usr_1',
  email: 'a@a.example',
  domain: 'a.example',
  givenName: 'Ann',
  familyName: 'Ash',
};
const registered: UserEvent = {
  type: 'UserRegistered',
  data: {
    ...called,
    registeredAt: now,
    joinsAfterVerification: null,
    status: 'active',
    via: 'sign_up',
    founds: null,
  },
};
const joined = (organizationId: string, more: object = {}): UserEvent => ({
  type: 'UserJoinedOrg',
  data: {
    ...called,
    organizationId,
    role: 'owner',
    via: 'sign_up',
    invitationId: null,
    joinedAt: now,
    emailVerified: false,
    ownedAccountIds: [],
    ...more,
  },
});
const removed: UserEvent = {
  type: 'UserRemovedFromOrg',
  data: {
    ...called,
    organizationId: 'org_2',
    role: 'owner',
    reason: 'merge',
    cause: { type: 'merge', id: 'mrg_1' },
    acknowledgements: [],
    accountOwners: {},
    accountIds: [],
    removedAt: now,
  },
};
const move = {
  type: 'MoveToOrganization',
  from: 'org_2',
  organizationId: 'org_1',
  role: 'standard_user',
  mergeId: 'mrg_1',
  provesAddress: false,
} as const;
const arrived = (more: object = {}) => joined('org_1', { role: 'standard_user', via: 'merge', ...more });

const { given } = specify(user);

describe('somebody whose organization is absorbed', () => {
  it('ORG-06, MRG-04: leaves and joins in one step', () => {
    given(registered, joined('org_2')).when(move).then(removed, arrived());
  });

  it('P17: moves once, and not after they have left by themselves', () => {
    given(registered, joined('org_2'), removed, arrived()).when(move).thenNothing();
    given(registered).when(move).thenNothing();
    given().when(move).thenNothing();
  });

  it('MRG-03: who accepted by a mailed link has proved the address', () => {
    given(registered, joined('org_2'))
      .when({ ...move, provesAddress: true })
      .then(removed, arrived({ emailVerified: true }), {
        type: 'EmailVerified',
        data: { userId: 'usr_1', via: 'invitation_link', joins: null },
      });
  });

  it('MRG-06: what holds for them goes along: deactivation and required two-factor sign-in', () => {
    const member = { userId: 'usr_1', organizationId: 'org_2' };
    const there = { userId: 'usr_1', organizationId: 'org_1' };
    given(
      registered,
      joined('org_2'),
      { type: 'TwoFactorRequirementChanged', data: { ...member, required: true, previousRequired: false } },
      { type: 'UserDeactivated', data: member },
    )
      .when(move)
      .then(
        removed,
        arrived(),
        { type: 'TwoFactorRequirementChanged', data: { ...there, required: true, previousRequired: false } },
        { type: 'UserDeactivated', data: there },
      );
  });
});
