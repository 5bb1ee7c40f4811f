import { inOrganization, type Noun, rowsOf, systemOnly } from '#commands';
import { EndSessionsHandler, ForgetCredentialsHandler } from './credentials.handlers.ts';
import {
  Belongings,
  DeleteUserHandler,
  LeaveOrganizationHandler,
  RemoveUserHandler,
} from './departure.handlers.ts';
import { EraseUserDataHandler, ReleaseAddressHandler } from './erasure.handlers.ts';
import { ExplainUserHandler } from './explanation.queries.ts';
import { FoundOrganizationHandler, JoinOrganizationHandler } from './joining.handlers.ts';
import {
  ChangeEmailHandler,
  ChangeOrganizationRoleHandler,
  DeactivateUserHandler,
} from './member.handlers.ts';
import { Members, mayChangeMember, mayManageMember, memberAnswer } from './members.ts';
import { FollowOwnershipHandler, TransferOwnershipHandler } from './ownership.handlers.ts';
import { OwnershipController } from './ownership.http.ts';
import { People } from './people.ts';
import { Room } from './room.ts';
import { SignUpController } from './sign-up.http.ts';
import {
  ActivateInvitee,
  CloseInvitation,
  EndSessions,
  EraseUserData,
  FollowOwnership,
  ForgetCredentials,
  JoinOrganization,
  LeaveOrganization,
  ReactivateUser,
  ReleaseAddress,
  RequireTwoFactor,
  UpdateProfile,
} from './user.commands.ts';
import { RequestEmailVerificationHandler, SignUpHandler, VerifyEmailHandler } from './user.handlers.ts';
import { userHistory } from './user.history.ts';
import { emailVerificationMail, removedFromOrganizationMail } from './user.mails.ts';
import { isLiving, user } from './user.ts';
import { UsersController } from './users.http.ts';
import { users } from './users.projection.ts';
import { userQueries } from './users.queries.ts';
import { whenALapseRemovedSomebodyTellThem } from './when-a-lapse-removed-somebody-tell-them.policy.ts';
import { whenEmailChangedReleaseTheOldAddress } from './when-email-changed-release-the-old-address.policy.ts';
import { whenEmailVerifiedJoinByTheSignUpPolicy } from './when-email-verified-join-by-the-sign-up-policy.policy.ts';
import { whenOwnershipTransferredTellBothPeople } from './when-ownership-transferred-tell-both-people.policy.ts';
import { whenSomebodySignedUpFoundTheirOrganization } from './when-somebody-signed-up-found-their-organization.policy.ts';
import { whenUserDeactivatedEndTheirSessions } from './when-user-deactivated-end-their-sessions.policy.ts';
import { whenUserDeletedForgetThem } from './when-user-deleted-forget-them.policy.ts';
import { whenVerificationRequestedMailTheLink } from './when-verification-requested-mail-the-link.policy.ts';

const userRow = rowsOf(user);
const id = ({ userId }: { userId: string }) => userId;

export const usersNoun: Noun = {
  name: 'users',
  catalogue: userHistory,
  commands: [
    JoinOrganization,
    ActivateInvitee,
    LeaveOrganization,
    FollowOwnership,
    CloseInvitation,
    EndSessions,
    ForgetCredentials,
    ReleaseAddress,
    EraseUserData,
  ],
  controllers: [SignUpController, UsersController, OwnershipController],
  providers: [
    People,
    Members,
    Belongings,
    Room,
    SignUpHandler,
    VerifyEmailHandler,
    RequestEmailVerificationHandler,
    JoinOrganizationHandler,
    FoundOrganizationHandler,
    ChangeOrganizationRoleHandler,
    ChangeEmailHandler,
    DeactivateUserHandler,
    RemoveUserHandler,
    DeleteUserHandler,
    LeaveOrganizationHandler,
    TransferOwnershipHandler,
    FollowOwnershipHandler,
    EndSessionsHandler,
    ForgetCredentialsHandler,
    ReleaseAddressHandler,
    EraseUserDataHandler,
    ExplainUserHandler,
    ...userQueries,
  ],
  projections: [users],
  mails: [emailVerificationMail, removedFromOrganizationMail],
  policies: [
    whenSomebodySignedUpFoundTheirOrganization,
    whenVerificationRequestedMailTheLink,
    whenEmailVerifiedJoinByTheSignUpPolicy,
    whenEmailChangedReleaseTheOldAddress,
    whenOwnershipTransferredTellBothPeople,
    whenUserDeactivatedEndTheirSessions,
    whenUserDeletedForgetThem,
    whenALapseRemovedSomebodyTellThem,
  ],
  rows: [
    userRow({
      on: UpdateProfile,
      id,
      authorize: (principal, state, target) =>
        isLiving(state) && principal.userId === state.userId
          ? inOrganization(principal, target.organizationId)
          : mayChangeMember(principal, state, target),
      command: ({ givenName, familyName }) => ({ type: 'UpdateProfile', givenName, familyName }),
      answer: (state) =>
        isLiving(state)
          ? { userId: state.userId, givenName: state.givenName, familyName: state.familyName }
          : {},
    }),
    userRow({
      on: RequireTwoFactor,
      id,
      authorize: mayChangeMember,
      command: ({ required }) => ({ type: 'RequireTwoFactor', required }),
      answer: memberAnswer,
    }),
    userRow({
      on: ReactivateUser,
      id,
      authorize: mayManageMember,
      command: () => ({ type: 'ReactivateUser' }),
      answer: memberAnswer,
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
