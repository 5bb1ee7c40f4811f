import type { Policy } from '#kernel';
import type { UserEvent } from './user.events.ts';

/** AMB-28: who proved an address of a domain that lets its people in joins as a Standard User. */
export const whenEmailVerifiedJoinByTheSignUpPolicy: Policy<UserEvent> = {
  name: 'when-email-verified-join-by-the-sign-up-policy',
  on: {
    EmailVerified: ({ data: { userId, joins } }) =>
      joins === null
        ? []
        : [
            {
              command: 'JoinOrganization',
              fields: {
                userId,
                organizationId: joins,
                role: 'standard_user',
                via: 'auto_join',
                invitationId: null,
              },
              resource: { type: 'user', id: userId },
            },
          ],
  },
};
