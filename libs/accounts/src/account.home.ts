import { type Acknowledgement, notFound, type Refusal, unacknowledged, unreachable } from '#kernel';
import type { About, AccountEvent, AccountUser, Cause } from './account.events.ts';
import { accountClosed } from './account.standing.ts';
import type { KnownAccount } from './account.ts';

/** Whose account it is, and who sees it beside them. */
export type HomeCommand =
  | {
      type: 'AttachAccount';
      organizationId: string;
      from: string | null;
      ownerId: string;
      users: readonly AccountUser[];
      cause: Cause;
    }
  | { type: 'DetachAccount'; organizationId: string; ownerId: string; cause: Cause }
  | { type: 'ShareAccount'; organizationId: string; ownerId: string; cause: Cause }
  | {
      type: 'RelinquishIndependentAccount';
      organizationId: string;
      /** The organization's own people, who lose their access with it. */
      userIds: readonly string[];
      acknowledgements?: readonly string[];
    }
  /** MRG-04: the organization that it is shared with is absorbed by another one. */
  | { type: 'PassOnShare'; organizationId: string; intoOrganizationId: string };

/** ACC-06. */
export const relinquishment: readonly Acknowledgement[] = [
  { code: 'access_relinquished', sentence: 'The Organization will no longer see this account.' },
  { code: 'users_lose_access', sentence: 'Managed users of the Organization lose their access to it.' },
];

/** It belongs there, or did until that organization was absorbed. */
export const isOf = (
  { organizationId: home, cameFrom }: KnownAccount,
  organizationId: string | null,
): boolean => home === organizationId || (organizationId !== null && cameFrom.includes(organizationId));

export const housed = (
  command: HomeCommand,
  state: KnownAccount,
  about: About,
): readonly AccountEvent[] | Refusal => {
  const { ownerId, access, organizationId: previousOrganizationId, sharedWith: shared } = state;
  const userIds = Object.keys(access);
  const { organizationId } = command;
  switch (command.type) {
    case 'AttachAccount': {
      const { from, users, cause } = command;
      if (previousOrganizationId !== from || from === organizationId || ownerId !== command.ownerId)
        return [];
      const sharedWith = shared.filter((id) => id !== organizationId);
      const home = { accountId: state.accountId, organizationId, sharedWith };
      return [
        { type: 'AccountAttached', data: { ...home, previousOrganizationId, ownerId, userIds, cause } },
        ...users.flatMap((user): AccountEvent[] => {
          const roles = access[user.userId];
          return roles ? [{ type: 'AccountAccessCarriedOver', data: { ...home, ...user, roles } }] : [];
        }),
      ];
    }
    case 'DetachAccount':
      return previousOrganizationId === organizationId && ownerId === command.ownerId
        ? [{ type: 'AccountDetached', data: { ...about, ownerId, userIds, cause: command.cause } }]
        : [];
    case 'ShareAccount': {
      if (ownerId !== command.ownerId) return notFound;
      if (previousOrganizationId === organizationId || shared.includes(organizationId)) return [];
      return sharedWith(state, about, organizationId, command.cause) ?? accountClosed;
    }
    case 'RelinquishIndependentAccount': {
      if (!shared.includes(organizationId)) return notFound;
      const lost = command.userIds.filter((id) => id !== ownerId && access[id]);
      return (
        unacknowledged(relinquishment, command.acknowledgements) ?? [
          {
            type: 'IndependentAccessRelinquished',
            data: {
              ...about,
              relinquishedBy: organizationId,
              userIds: lost,
              remainingUserIds: userIds.filter((id) => !lost.includes(id)),
              acknowledgements: relinquishment,
            },
          },
        ]
      );
    }
    case 'PassOnShare': {
      if (!shared.includes(organizationId)) return [];
      const { intoOrganizationId } = command;
      const left = { ...about, sharedWith: shared.filter((id) => id !== organizationId) };
      const seen = previousOrganizationId === intoOrganizationId || shared.includes(intoOrganizationId);
      const cause = { type: 'organization_absorbed', id: organizationId };
      return [
        {
          type: 'IndependentAccessRelinquished',
          data: {
            ...about,
            relinquishedBy: organizationId,
            userIds: [],
            remainingUserIds: userIds,
            acknowledgements: [],
          },
        },
        ...((seen ? undefined : sharedWith(state, left, intoOrganizationId, cause)) ?? []),
      ];
    }
    default:
      return unreachable(command, []);
  }
};

/** Undefined: an account that ends is shown to nobody new. */
const sharedWith = (
  { status, name, ownerId, access, twoFactorRequired, createdAt }: KnownAccount,
  about: About,
  withOrganizationId: string,
  cause: Cause,
): readonly AccountEvent[] | undefined => {
  if (status === 'closed' || status === 'pending_closure') return undefined;
  const userIds = Object.keys(access);
  const told = { ...about, withOrganizationId, name, ownerId, userIds, twoFactorRequired, status, createdAt };
  return [{ type: 'AccountShared', data: { ...told, cause } }];
};
