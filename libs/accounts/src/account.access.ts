import {
  type Acknowledgement,
  inOrder,
  notFound,
  ownerByTransferOnly,
  type Refusal,
  refuse,
  rolesRefusal,
  unacknowledged,
  unreachable,
} from '#kernel';
import type { About, AccountEvent, AccountUser, Called, Cause, Roles } from './account.events.ts';
import { isOf } from './account.home.ts';
import { inactive } from './account.standing.ts';
import type { KnownAccount } from './account.ts';

/** Who has access, and as what. */
export type AccessCommand =
  | { type: 'GrantAccountAccess'; user: AccountUser; roles: Roles; invitationId: string | null }
  | { type: 'ChangeAccountRoles'; userId: string; roles: Roles; confirmAdministratorDowngrade?: boolean }
  | {
      type: 'RemoveAccountUser';
      userId: string;
      /** True: whoever asks does not manage this person, so it cannot be taken back (ACK-03). */
      irreversible: boolean;
      acknowledgements?: readonly string[];
    }
  | { type: 'RevokeAccountAccess'; organizationId: string | null; userId: string; cause: Cause }
  /** `told`: what the account knows of them already. */
  | { type: 'UpdateAccountUser'; user: AccountUser; told?: Called };

/** ACK-03. */
export const removalFromAccount: readonly Acknowledgement[] = [
  {
    code: 'permanently_removed_from_account',
    sentence: 'The user will be permanently removed from the account.',
  },
  { code: 'not_reversible', sentence: 'This action can not be reversed.' },
];

const ownerNotRemovable: Refusal = refuse(
  'conflict',
  'owner_not_removable',
  'The Owner cannot be removed from an account; transfer its ownership first.',
);
const alreadyMember: Refusal = refuse(
  'conflict',
  'already_member',
  'This person has access to the account already.',
);

/** ROL-07, ACK-07. */
const administratorDowngrade: Refusal = refuse(
  'invalid',
  'administrator_downgrade_unconfirmed',
  'This takes the Administrator role away; confirm it with confirmAdministratorDowngrade.',
);

export const accessChanged = (
  command: AccessCommand,
  state: KnownAccount,
  about: About,
  now: string,
): readonly AccountEvent[] | Refusal => {
  const userId = 'user' in command ? command.user.userId : command.userId;
  const previousRoles = state.access[userId];
  switch (command.type) {
    case 'GrantAccountAccess': {
      const { user, roles, invitationId } = command;
      const refused = rolesRefusal(roles) ?? inactive(state);
      if (refused) return refused;
      if (previousRoles) return invitationId === null ? alreadyMember : [];
      return [
        {
          type: 'AccountAccessGranted',
          data: { ...about, ...user, roles: inOrder(roles), invitationId, grantedAt: now },
        },
      ];
    }
    case 'ChangeAccountRoles': {
      const refused = rolesRefusal(command.roles) ?? inactive(state);
      if (refused) return refused;
      if (!previousRoles) return notFound;
      if (userId === state.ownerId) return ownerByTransferOnly;
      const roles = inOrder(command.roles);
      if (roles.join() === previousRoles.join()) return [];
      if (previousRoles.includes('administrator') && command.confirmAdministratorDowngrade !== true)
        return administratorDowngrade;
      return [{ type: 'AccountRolesChanged', data: { ...about, userId, roles, previousRoles } }];
    }
    case 'RemoveAccountUser': {
      if (!previousRoles) return notFound;
      if (userId === state.ownerId) return ownerNotRemovable;
      const required = command.irreversible ? removalFromAccount : [];
      return (
        unacknowledged(required, command.acknowledgements) ?? [
          {
            type: 'AccountAccessRevoked',
            data: { ...about, userId, previousRoles, acknowledgements: required, cause: null },
          },
        ]
      );
    }
    case 'RevokeAccountAccess':
      return previousRoles && userId !== state.ownerId && isOf(state, command.organizationId)
        ? [
            {
              type: 'AccountAccessRevoked',
              data: { ...about, userId, previousRoles, acknowledgements: [], cause: command.cause },
            },
          ]
        : [];
    case 'UpdateAccountUser':
      return previousRoles && !isCalled(command.user, command.told)
        ? [{ type: 'AccountUserUpdated', data: { ...about, ...command.user } }]
        : [];
    default:
      return unreachable(command, []);
  }
};

const isCalled = ({ email, givenName, familyName }: AccountUser, told: Called | undefined): boolean =>
  told?.email === email && told.givenName === givenName && told.familyName === familyName;
