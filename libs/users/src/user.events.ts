import type { Acknowledgement, Event, OrganizationRole } from '#kernel';

/** What a person who signs up founds: ORG-04, the organization and its first account. */
export interface Founding {
  readonly organizationId: string;
  readonly organizationName: string;
  readonly accountId: string;
  readonly accountName: string;
}

export type Via =
  | 'sign_up'
  | 'request'
  | 'invitation'
  | 'auto_join'
  | 'import'
  | 'merge'
  | 'account_addition'
  | 'restore';

export type LeavingReason = 'manual' | 'deleted' | 'domain_validation_lapsed' | 'merge';

/** What made a person leave, where no person asked for it. */
export interface Cause {
  readonly type: string;
  readonly id: string;
}

interface Called {
  readonly email: string;
  readonly domain: string;
  readonly givenName: string;
  readonly familyName: string;
}

interface Member {
  readonly userId: string;
  readonly organizationId: string;
}

/** Everything that can happen to a person. */
export type UserEvent =
  | Event<
      'UserRegistered',
      { userId: string; registeredAt: string; joinsAfterVerification: string | null } & Called &
        (
          | { status: 'active'; via: 'sign_up'; founds: Founding | null }
          | { status: 'pending'; via: 'invitation'; invitationId: string; organizationId: string | null }
        )
    >
  | Event<'PendingUserInvited', { userId: string; organizationId: string | null; invitationId: string }>
  | Event<'PendingUserInvitationClosed', { userId: string; invitationId: string }>
  | Event<'PendingUserDiscarded', { userId: string; invitationId: string }>
  | Event<
      'UserActivated',
      {
        userId: string;
        givenName: string;
        familyName: string;
        previousGivenName: string;
        previousFamilyName: string;
        founds: Founding | null;
        joinsAfterVerification: string | null;
      }
    >
  | Event<
      'EmailVerificationRequested',
      { userId: string; generation: number; tokenHash: string; expiresAt: string }
    >
  | Event<
      'EmailVerified',
      {
        userId: string;
        via: 'verification_link' | 'invitation_link' | 'reset_link';
        /** AMB-28: the organization that lets people of its domain join once their address is proved. */
        joins: string | null;
      }
    >
  | Event<'OrganizationFounded', Member & { organizationName: string }>
  | Event<
      'UserJoinedOrg',
      Member &
        Called & {
          role: OrganizationRole;
          via: Via;
          invitationId: string | null;
          joinedAt: string;
          emailVerified: boolean;
          /** Accounts outside every organization that the person owns and brings along (AMB-15). */
          ownedAccountIds: readonly string[];
        }
    >
  | Event<
      'UserProfileUpdated',
      {
        userId: string;
        organizationId: string | null;
        givenName: string;
        familyName: string;
        previousGivenName: string;
        previousFamilyName: string;
      }
    >
  | Event<
      'UserEmailChanged',
      Member & { email: string; domain: string; previousEmail: string; previousDomain: string }
    >
  | Event<'OrganizationRoleChanged', Member & { role: OrganizationRole; previousRole: OrganizationRole }>
  | Event<'TwoFactorRequirementChanged', Member & { required: boolean; previousRequired: boolean }>
  | Event<'UserDeactivated', Member>
  | Event<'UserReactivated', Member>
  /** Comes before a transfer of ownership: from here on this person is not removed from under it. */
  | Event<'OwnerNominated', Member & { until: string }>
  | Event<
      'UserRemovedFromOrg',
      Member &
        Called & {
          role: OrganizationRole;
          reason: LeavingReason;
          cause: Cause | null;
          acknowledgements: readonly Acknowledgement[];
          /** Account → who owns it from now on; the person themselves: it leaves the organization (USR-09). */
          accountOwners: Readonly<Record<string, string>>;
          /** Accounts of the organization that the person had access to. */
          accountIds: readonly string[];
          removedAt: string;
        }
    >
  | Event<'UserDeleted', Member & { acknowledgements: readonly Acknowledgement[]; deletedAt: string }>
  | Event<'UserDataErased', { userId: string; keyId: string }>;
