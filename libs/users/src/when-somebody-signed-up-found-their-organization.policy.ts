import type { FollowOn, Policy } from '#kernel';
import type { Founding, UserEvent } from './user.events.ts';

const founded = (userId: string, founds: Founding | null, commandId: string): FollowOn[] => {
  const user = { type: 'user', id: userId };
  if (!founds) return [];
  const { organizationId, organizationName, accountId, accountName } = founds;
  return [
    { command: 'AdoptPassword', fields: { userId, from: commandId }, resource: user },
    {
      command: 'CreateOrganization',
      fields: { organizationId, name: organizationName, ownerId: userId, via: 'sign_up' },
      resource: { type: 'organization', id: organizationId },
    },
    {
      command: 'JoinOrganization',
      fields: { userId, organizationId, role: 'owner', via: 'sign_up', invitationId: null },
      resource: user,
    },
    {
      command: 'CreateAccount',
      fields: { accountId, organizationId, name: accountName, ownerId: userId },
      resource: { type: 'account', id: accountId },
    },
  ];
};

/** ORG-02, ORG-04, ORG-08. */
export const whenSomebodySignedUpFoundTheirOrganization: Policy<UserEvent> = {
  name: 'when-somebody-signed-up-found-their-organization',
  on: {
    UserRegistered: ({ data, metadata }) =>
      data.status === 'active' ? founded(data.userId, data.founds, metadata.commandId) : [],
    UserActivated: ({ data, metadata }) => founded(data.userId, data.founds, metadata.commandId),
  },
};
