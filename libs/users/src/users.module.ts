import { inOrganization, mayManage, type Noun, rowsOf, systemOnly } from '#commands';
import { forbidden, notFound } from '#kernel';
import { People } from './people.ts';
import { SignUpController } from './sign-up.http.ts';
import { ActivateInvitee, CloseInvitation, JoinOrganization, UpdateProfile } from './user.commands.ts';
import { RequestEmailVerificationHandler, SignUpHandler, VerifyEmailHandler } from './user.handlers.ts';
import { userHistory } from './user.history.ts';
import { emailVerificationMail } from './user.mails.ts';
import { isLiving, user } from './user.ts';
import { UsersController } from './users.http.ts';
import { users } from './users.projection.ts';
import { userQueries } from './users.queries.ts';
import { whenSomebodySignedUpFoundTheirOrganization } from './when-somebody-signed-up-found-their-organization.policy.ts';
import { whenVerificationRequestedMailTheLink } from './when-verification-requested-mail-the-link.policy.ts';

const userRow = rowsOf(user);
const id = ({ userId }: { userId: string }) => userId;

export const usersNoun: Noun = {
  name: 'users',
  catalogue: userHistory,
  commands: [JoinOrganization, ActivateInvitee, CloseInvitation],
  controllers: [SignUpController, UsersController],
  providers: [People, SignUpHandler, VerifyEmailHandler, RequestEmailVerificationHandler, ...userQueries],
  projections: [users],
  mails: [emailVerificationMail],
  policies: [whenSomebodySignedUpFoundTheirOrganization, whenVerificationRequestedMailTheLink],
  rows: [
    userRow({
      on: UpdateProfile,
      id,
      authorize: (principal, state, { organizationId }) => {
        if (state.status !== 'active' || state.membership?.organizationId !== organizationId) return notFound;
        if (principal.userId === state.userId) return inOrganization(principal, organizationId);
        const refused = mayManage(principal, organizationId);
        return refused ?? (state.membership.role === 'owner' ? forbidden : undefined);
      },
      command: ({ givenName, familyName }) => ({ type: 'UpdateProfile', givenName, familyName }),
      answer: (state) =>
        isLiving(state)
          ? { userId: state.userId, givenName: state.givenName, familyName: state.familyName }
          : {},
    }),
    userRow({
      on: JoinOrganization,
      id,
      authorize: systemOnly,
      command: ({ organizationId, role, via, invitationId, givenName, familyName }) => ({
        type: 'JoinOrganization',
        organizationId,
        role,
        via,
        invitationId,
        givenName,
        familyName,
      }),
    }),
    userRow({
      on: ActivateInvitee,
      id,
      authorize: systemOnly,
      command: ({ givenName, familyName }) => ({ type: 'ActivateInvitee', givenName, familyName }),
    }),
    userRow({
      on: CloseInvitation,
      id,
      authorize: systemOnly,
      command: ({ invitationId }) => ({ type: 'CloseInvitation', invitationId }),
    }),
  ],
};
