import { describe, expect, it } from '@jest/globals';
import { specify } from '#kernel';
import type { Founding, UserEvent } from './user.events.ts';
import { type UserCommand, user } from './user.ts';

const { given } = specify(user);
const now = '2026-03-01T10:00:00.000Z';
const expiresAt = '2026-03-08T10:00:00.000Z';

const person = {
  userId: 'usr_1',
  email: 'anna+org@corporate.example',
  domain: 'corporate.example',
  givenName: 'Anna',
  familyName: 'Berg',
};
const founds: Founding = {
  organizationId: 'org_1',
  organizationName: 'Corporate',
  accountId: 'acc_1',
  accountName: 'First account',
};
const signUp: UserCommand = {
  type: 'SignUp',
  ...person,
  founds,
  joinsAfterVerification: null,
  tokenHash: 'hash1',
  tokenExpiresAt: expiresAt,
};
const registered: UserEvent = {
  type: 'UserRegistered',
  data: {
    ...person,
    registeredAt: now,
    status: 'active',
    via: 'sign_up',
    founds,
    joinsAfterVerification: null,
  },
};
const requested: UserEvent = {
  type: 'EmailVerificationRequested',
  data: { userId: 'usr_1', generation: 1, tokenHash: 'hash1', expiresAt },
};
const verified: UserEvent = {
  type: 'EmailVerified',
  data: { userId: 'usr_1', via: 'verification_link', joins: null },
};
const joinedOwn: UserEvent = {
  type: 'UserJoinedOrg',
  data: {
    ...person,
    organizationId: 'org_1',
    role: 'owner',
    via: 'sign_up',
    invitationId: null,
    joinedAt: now,
    emailVerified: false,
    ownedAccountIds: [],
  },
};
const joinOwn: UserCommand = {
  type: 'JoinOrganization',
  organizationId: 'org_1',
  role: 'owner',
  via: 'sign_up',
  invitationId: null,
};

const pendingPerson = { ...person, givenName: '', familyName: '' };
const registerPending: UserCommand = {
  type: 'RegisterPendingUser',
  userId: 'usr_1',
  email: person.email,
  domain: person.domain,
  invitationId: 'inv_1',
  organizationId: 'org_2',
};
const pending: UserEvent = {
  type: 'UserRegistered',
  data: {
    ...pendingPerson,
    registeredAt: now,
    status: 'pending',
    via: 'invitation',
    invitationId: 'inv_1',
    organizationId: 'org_2',
    joinsAfterVerification: null,
  },
};
const invitedAgain: UserEvent = {
  type: 'PendingUserInvited',
  data: { userId: 'usr_1', invitationId: 'inv_2', organizationId: 'org_3' },
};
const discarded: UserEvent = {
  type: 'PendingUserDiscarded',
  data: { userId: 'usr_1', invitationId: 'inv_1' },
};
const accept: UserCommand = {
  type: 'JoinOrganization',
  organizationId: 'org_2',
  role: 'administrator',
  via: 'invitation',
  invitationId: 'inv_1',
  givenName: 'Anna',
  familyName: 'Berg',
};
const activated: UserEvent = {
  type: 'UserActivated',
  data: {
    userId: 'usr_1',
    givenName: 'Anna',
    familyName: 'Berg',
    previousGivenName: '',
    previousFamilyName: '',
    founds: null,
    joinsAfterVerification: null,
  },
};
const verifiedByInvitation: UserEvent = {
  type: 'EmailVerified',
  data: { userId: 'usr_1', via: 'invitation_link', joins: null },
};
const joinedByInvitation: UserEvent = {
  type: 'UserJoinedOrg',
  data: {
    ...person,
    organizationId: 'org_2',
    role: 'administrator',
    via: 'invitation',
    invitationId: 'inv_1',
    joinedAt: now,
    emailVerified: true,
    ownedAccountIds: [],
  },
};
/** Somebody without an organization of their own. */
const alone: UserEvent[] = [
  pending,
  { ...activated, data: { ...activated.data, founds: null } } as UserEvent,
];

describe('user', () => {
  it('ORG-04: signing up registers an active person who founds an organization with a first account', () => {
    given().when(signUp, { now }).then(registered, requested);
  });

  it('ORG-06: the plus-tag of the address stays', () => {
    expect(given(registered).state()).toMatchObject({ email: 'anna+org@corporate.example' });
  });

  it('ORG-06: who has signed up once cannot do it again', () => {
    given(registered, requested).when(signUp).thenRefused('email_taken');
    given(registered, requested, joinedOwn).when(signUp).thenRefused('email_taken');
  });

  it('AMB-31: a pending invitee who signs up becomes active and founds an organization', () => {
    given(pending)
      .when(signUp, { now })
      .then({ ...activated, data: { ...activated.data, founds } } as UserEvent, requested);
  });

  it('ORG-02: the founder joins their organization as its Owner', () => {
    given(registered, requested).when(joinOwn, { now }).then(joinedOwn);
    expect(given(registered, requested, joinedOwn).state()).toMatchObject({
      membership: { organizationId: 'org_1', role: 'owner' },
    });
  });

  it('ORG-02: joining by sign-up proves no address', () => {
    expect(given(registered, requested, joinedOwn).state()).toMatchObject({ emailVerified: false });
  });

  it('ORG-06: joining the organization one is in writes nothing', () => {
    given(registered, joinedOwn).when(joinOwn).thenNothing();
    given(registered, joinedOwn)
      .when({ ...joinOwn, role: 'standard_user' } as UserCommand)
      .thenNothing();
  });

  it('ORG-06: a person in one organization cannot join another', () => {
    given(registered, joinedOwn).when(accept).thenRefused('user_belongs_to_another_organization');
  });

  it('ORG-06, AMB-33: a person who founds an organization joins no other in the meantime', () => {
    given(registered, requested).when(accept).thenRefused('user_belongs_to_another_organization');
    given(pending, { ...activated, data: { ...activated.data, founds } } as UserEvent)
      .when(accept)
      .thenRefused('user_belongs_to_another_organization');
  });

  it('USR-03, USR-04, AMB-03: an invited new address is a pending person at once', () => {
    given().when(registerPending, { now }).then(pending);
    expect(given(pending).state()).toEqual({
      status: 'pending',
      ...pendingPerson,
      openInvitations: ['inv_1'],
      organizationId: 'org_2',
    });
  });

  it('USR-04: a further invitation of a pending person is remembered', () => {
    given(pending)
      .when({ ...registerPending, invitationId: 'inv_2', organizationId: 'org_3' } as UserCommand)
      .then(invitedAgain);
    given(pending).when(registerPending).thenNothing();
  });

  it('USR-04: registering a person who exists as pending writes nothing', () => {
    given(registered).when(registerPending).thenNothing();
  });

  it('INV-03, USR-04: accepting makes the pending person active, proves the address and joins', () => {
    given(pending).when(accept, { now }).then(activated, verifiedByInvitation, joinedByInvitation);
    expect(given(pending, activated, verifiedByInvitation, joinedByInvitation).state()).toEqual({
      status: 'active',
      ...person,
      emailVerified: true,
      founded: null,
      joinsAfterVerification: null,
      verification: null,
      membership: { organizationId: 'org_2', role: 'administrator', nominatedUntil: null },
      twoFactorRequired: false,
      keptAccounts: [],
      accountOwners: {},
    });
  });

  it('INV-03: before acceptance a pending person is in no organization', () => {
    expect(given(pending, invitedAgain).state()).not.toHaveProperty('membership');
  });

  it('USR-04: an existing person without an organization joins with their own names', () => {
    given(...alone)
      .when({ ...accept, givenName: null, familyName: null } as UserCommand, { now })
      .then(verifiedByInvitation, joinedByInvitation);
  });

  it('USR-04: an address that is proved already is not proved again', () => {
    given(...alone, verifiedByInvitation)
      .when(accept, { now })
      .then(joinedByInvitation);
  });

  it('AMB-03: the last invitation that ends takes the pending person with it, an earlier one does not', () => {
    const close: UserCommand = { type: 'CloseInvitation', invitationId: 'inv_1' };
    given(pending).when(close).then(discarded);
    given(pending, invitedAgain)
      .when(close)
      .then({ type: 'PendingUserInvitationClosed', data: { userId: 'usr_1', invitationId: 'inv_1' } });
    given(pending, invitedAgain, {
      type: 'PendingUserInvitationClosed',
      data: { userId: 'usr_1', invitationId: 'inv_1' },
    })
      .when({ type: 'CloseInvitation', invitationId: 'inv_2' })
      .then({ type: 'PendingUserDiscarded', data: { userId: 'usr_1', invitationId: 'inv_2' } });
  });

  it('AMB-03: an invitation that ends does not touch a person who is active or gone', () => {
    const close: UserCommand = { type: 'CloseInvitation', invitationId: 'inv_1' };
    given(pending, activated, verifiedByInvitation, joinedByInvitation).when(close).thenNothing();
    given(pending, discarded).when(close).thenNothing();
    given(pending).when({ type: 'CloseInvitation', invitationId: 'inv_9' }).thenNothing();
    given().when(close).thenNothing();
  });

  it('AMB-03: a discarded person is gone for every command but sign-up, which is refused here', () => {
    given(pending, discarded).when(accept).thenRefused('not_found');
    given(pending, discarded).when({ type: 'UpdateProfile', givenName: 'x' }).thenRefused('not_found');
    given(pending, discarded).when(registerPending).thenRefused('not_found');
  });

  it('the newest link verifies the address until it expires', () => {
    const verify: UserCommand = { type: 'VerifyEmail', tokenHash: 'hash1' };
    given(registered, requested).when(verify, { now }).then(verified);
    given(registered, requested).when(verify, { now: expiresAt }).thenRefused('link_invalid');
    given(registered, requested)
      .when({ type: 'VerifyEmail', tokenHash: 'other' }, { now })
      .thenRefused('link_invalid');
    given(registered, requested, verified).when(verify, { now }).thenRefused('link_invalid');
    given(pending).when(verify, { now }).thenRefused('link_invalid');
  });

  it('a new verification link replaces the earlier one; a proved address needs none', () => {
    const again: UserCommand = {
      type: 'RequestEmailVerification',
      tokenHash: 'hash2',
      tokenExpiresAt: expiresAt,
    };
    const requestedAgain: UserEvent = {
      type: 'EmailVerificationRequested',
      data: { userId: 'usr_1', generation: 2, tokenHash: 'hash2', expiresAt },
    };
    given(registered, requested).when(again).then(requestedAgain);
    given(registered, requested, requestedAgain)
      .when({ type: 'VerifyEmail', tokenHash: 'hash1' }, { now })
      .thenRefused('link_invalid');
    given(registered, requested, verified).when(again).thenNothing();
    given(pending).when(again).thenNothing();
  });

  it('USR-07: a person is renamed, in part or whole, and the event tells the names before', () => {
    given(registered, joinedOwn)
      .when({ type: 'UpdateProfile', familyName: 'Berg-Ray' })
      .then({
        type: 'UserProfileUpdated',
        data: {
          userId: 'usr_1',
          organizationId: 'org_1',
          givenName: 'Anna',
          familyName: 'Berg-Ray',
          previousGivenName: 'Anna',
          previousFamilyName: 'Berg',
        },
      });
  });

  it('AMB-18: a name may be empty', () => {
    given(registered, joinedOwn)
      .when({ type: 'UpdateProfile', givenName: '' })
      .then({
        type: 'UserProfileUpdated',
        data: {
          userId: 'usr_1',
          organizationId: 'org_1',
          givenName: '',
          familyName: 'Berg',
          previousGivenName: 'Anna',
          previousFamilyName: 'Berg',
        },
      });
  });

  it('AMB-18: the names a person has, and no names at all, write nothing', () => {
    given(registered).when({ type: 'UpdateProfile', givenName: 'Anna', familyName: 'Berg' }).thenNothing();
    given(registered).when({ type: 'UpdateProfile' }).thenNothing();
  });

  it('USR-07: who is pending or unknown cannot be renamed', () => {
    given(pending).when({ type: 'UpdateProfile', givenName: 'x' }).thenRefused('not_found');
    given().when({ type: 'UpdateProfile', givenName: 'x' }).thenRefused('not_found');
  });

  it('belongs to the history of the organization that invites, is founded, or was joined', () => {
    expect(user.organizationOf(given(pending).state())).toBe('org_2');
    expect(user.organizationOf(given(registered).state())).toBe('org_1');
    expect(user.organizationOf(given(...alone).state())).toBeNull();
    expect(user.organizationOf(given(...alone, joinedByInvitation).state())).toBe('org_2');
  });
});
