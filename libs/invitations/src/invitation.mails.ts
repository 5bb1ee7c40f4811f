import { account } from '#accounts';
import { aboutOf, fullName, invitationText, letter, type MailKind, shown } from '#mail';
import { organization } from '#organizations';
import { user } from '#users';
import { invitation } from './invitation.ts';
import { invitationDelivery } from './invitation-delivery.ts';

export const invitationMail: MailKind = {
  kind: 'invitation',

  async compose(entry, desk) {
    const id = aboutOf(entry);
    const { state } = await desk.load(invitation, id);
    if (state.status !== 'pending' || state.generation !== entry.references?.generation) return undefined;
    if (desk.now() >= state.expiresAt) return undefined;
    const { organizationId, role, joinsOrganizationId } = state;
    const joins = role === null ? joinsOrganizationId : organizationId;
    const { state: home } = await desk.load(organization, joins ?? '');
    const nameOfOrganization = async (id: string) => {
      const { state: candidate } = await desk.load(organization, id);
      return candidate.status === 'unknown' ? '' : candidate.name;
    };
    const nameOf = async (accountId: string) => {
      const { state: offered } = await desk.load(account, accountId);
      return offered.status === 'unknown' ? '' : offered.name;
    };
    const { state: inviter } = await desk.load(user, state.invitedBy);
    const { state: invitee } = await desk.load(user, state.userId);
    return {
      to: { name: fullName(invitee), address: state.email },
      ...invitationText({
        inviterName: fullName(inviter) || 'Somebody',
        organizationName: home.status === 'open' ? home.name : null,
        absorbs: state.absorbs === null ? null : await nameOfOrganization(state.absorbs),
        role: role ?? 'standard_user',
        accounts: await Promise.all(
          state.accounts.map(async ({ accountId, roles }) => ({ name: await nameOf(accountId), roles })),
        ),
        ownedAccounts: await Promise.all(state.ownedAccountIds.map(nameOf)),
        expiresAt: state.expiresAt,
        link: desk.link('invitation', id, state.generation),
      }),
    };
  },

  async isReported(entry, desk) {
    const { state } = await desk.load(invitationDelivery, aboutOf(entry));
    return state.generation >= Number(entry.references?.generation) && state.delivery !== 'deferred';
  },

  async report(entry, delivery, desk) {
    const invitationId = aboutOf(entry);
    const { state } = await desk.load(invitation, invitationId);
    if (state.status === 'unknown') return undefined;
    const { organizationId, userId } = state;
    const generation = Number(entry.references?.generation);
    return {
      command: 'ReportInvitationMail',
      fields: { invitationId, organizationId, userId, generation, delivery },
    };
  },
};

/** Whose invitation ended with the domain of their address: nobody decided that of them in particular, so nobody else tells them. */
export const invitationWithdrawnMail: MailKind = {
  kind: 'invitation_withdrawn',

  async compose(entry, desk) {
    const { state } = await desk.load(invitation, aboutOf(entry));
    if (state.status !== 'cancelled') return undefined;
    const { state: home } = await desk.load(organization, state.organizationId ?? '');
    const { state: invitee } = await desk.load(user, state.userId);
    const name = home.status === 'open' ? shown(home.name) : 'an organization';
    const greeting = ['Hello', shown(fullName(invitee))].join(' ').trim();
    return {
      to: { name: fullName(invitee), address: state.email },
      ...letter({
        subject: `Your invitation to ${name} was withdrawn`,
        paragraphs: [
          `${greeting},`,
          `${name} no longer has the domain of your e-mail address, so the invitation that you were sent does not work any more.`,
        ],
        after: ['You need not do anything. If you are invited again, that message brings a link of its own.'],
      }),
    };
  },
};
