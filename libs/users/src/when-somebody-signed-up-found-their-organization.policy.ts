import type { FollowOn, Policy } from '#kernel';
import type { Founding, UserEvent } from './user.events.ts';

const adopted = (userId: string, from: string): FollowOn => ({
  command: 'AdoptPassword',
  fields: { userId, from },
  resource: { type: 'user', id: userId },
});

const founded = (
  userId: string,
  organizationId: string,
  name: string,
  via: 'sign_up' | 'request',
): FollowOn[] => [
  {
    command: 'CreateOrganization',
    fields: { organizationId, name, ownerId: userId, via },
    resource: { type: 'organization', id: organizationId },
  },
  {
    command: 'JoinOrganization',
    fields: { userId, organizationId, role: 'owner', via, invitationId: null },
    resource: { type: 'user', id: userId },
  },
];

const foundedWithAccount = (userId: string, founds: Founding | null): FollowOn[] => {
  if (!founds) return [];
  const { organizationId, organizationName, accountId, accountName } = founds;
  return [
    ...founded(userId, organizationId, organizationName, 'sign_up'),
    {
      command: 'CreateAccount',
      fields: { accountId, organizationId, name: accountName, ownerId: userId },
      resource: { type: 'account', id: accountId },
    },
  ];
};

/** ORG-02, ORG-04, ORG-05, ORG-08. */
export const whenSomebodySignedUpFoundTheirOrganization: Policy<UserEvent> = {
  name: 'when-somebody-signed-up-found-their-organization',
  on: {
    UserRegistered: ({ data, metadata }) =>
      data.status === 'active'
        ? [adopted(data.userId, metadata.commandId), ...foundedWithAccount(data.userId, data.founds)]
        : [],
    UserActivated: ({ data: { userId, founds, joinsAfterVerification }, metadata }) =>
      founds === null && joinsAfterVerification === null
        ? []
        : [adopted(userId, metadata.commandId), ...foundedWithAccount(userId, founds)],
    OrganizationFounded: ({ data: { userId, organizationId, organizationName } }) =>
      founded(userId, organizationId, organizationName, 'request'),
  },
};
