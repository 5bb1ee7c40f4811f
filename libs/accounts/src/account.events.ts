import type { AccountRole, Acknowledgement, Event } from '#kernel';

export interface About {
  readonly accountId: string;
  /** Whose account it is; null: an independent one. */
  readonly organizationId: string | null;
  /** Organizations that see it beside that one, as an independent account. */
  readonly sharedWith: readonly string[];
}

export interface Called {
  readonly email: string;
  readonly givenName: string;
  readonly familyName: string;
}

/** Somebody with access, as their own stream knew them then. */
export interface AccountUser extends Called {
  readonly userId: string;
  readonly domain: string;
}

export interface NewOwner {
  readonly ownerId: string;
  readonly ownerEmail: string;
  readonly ownerGivenName: string;
  readonly ownerFamilyName: string;
}

/** What a change was made because of; null: somebody asked for it. */
export type Cause = { readonly type: string; readonly id: string } | null;

export type Roles = readonly AccountRole[];

export type AccountEvent =
  | Event<
      'AccountCreated',
      { accountId: string; organizationId: string; name: string; createdAt: string } & NewOwner
    >
  | Event<'AccountRenamed', About & { name: string; previousName: string }>
  | Event<'AccountTwoFactorRequirementChanged', About & { required: boolean; previousRequired: boolean }>
  | Event<
      'AccountAttached',
      About & {
        organizationId: string;
        previousOrganizationId: string | null;
        ownerId: string;
        userIds: readonly string[];
        cause: Cause;
      }
    >
  | Event<'AccountAccessCarriedOver', About & AccountUser & { roles: Roles }>
  | Event<'AccountDetached', About & { ownerId: string; userIds: readonly string[]; cause: Cause }>
  | Event<
      'AccountShared',
      About & {
        withOrganizationId: string;
        name: string;
        ownerId: string;
        userIds: readonly string[];
        twoFactorRequired: boolean;
        status: OpenStatus;
        createdAt: string;
        cause: Cause;
      }
    >
  | Event<
      'IndependentAccessRelinquished',
      About & {
        relinquishedBy: string;
        /** Who lost their access with it. */
        userIds: readonly string[];
        remainingUserIds: readonly string[];
        acknowledgements: readonly Acknowledgement[];
      }
    >
  | Event<
      'AccountOwnershipTransferred',
      About &
        NewOwner & {
          /** What the new Owner had before; empty: no access. */
          previousRoles: Roles;
          previousOwnerId: string;
          /** What the earlier Owner keeps; empty: no access. */
          previousOwnerRoles: Roles;
          transferredAt: string;
          cause: Cause;
        }
    >
  | Event<
      'AccountAccessGranted',
      About & AccountUser & { roles: Roles; invitationId: string | null; grantedAt: string }
    >
  | Event<'AccountRolesChanged', About & { userId: string; roles: Roles; previousRoles: Roles }>
  | Event<
      'AccountAccessRevoked',
      About & {
        userId: string;
        previousRoles: Roles;
        acknowledgements: readonly Acknowledgement[];
        cause: Cause;
      }
    >
  /** Somebody with access is called otherwise by now, or has another address. */
  | Event<'AccountUserUpdated', About & AccountUser>
  | Event<'AccountSuspended', About>
  | Event<'AccountReactivated', About>
  | Event<'AccountClosureRequested', About & { acknowledgements: readonly Acknowledgement[] }>
  | Event<'AccountClosed', About>;

export type OpenStatus = 'active' | 'suspended';
