import { aboutOf, emailVerificationText, fullName, letter, type MailKind, shown } from '#mail';
import { organization } from '#organizations';
import { user } from './user.ts';

export const emailVerificationMail: MailKind = {
  kind: 'email_verification',

  async compose(entry, desk) {
    const id = aboutOf(entry);
    const { state } = await desk.load(user, id);
    if (state.status !== 'active' || state.emailVerified) return undefined;
    const generation = Number(entry.references?.generation);
    if (state.verification?.generation !== generation) return undefined;
    return {
      to: { name: fullName(state), address: state.email },
      ...emailVerificationText({
        givenName: state.givenName,
        link: desk.link('email_verification', id, generation),
      }),
    };
  },
};

/** AMB-06: whoever a lapse removed is told that they are still somebody. */
export const removedFromOrganizationMail: MailKind = {
  kind: 'removed_from_organization',

  async compose(entry, desk) {
    const person = await desk.person(aboutOf(entry));
    const left = String(entry.references?.organizationId);
    if (!person || person.organizationId === left) return undefined;
    const { state } = await desk.load(organization, left);
    const name = state.status === 'open' ? shown(state.name) : 'an organization';
    return {
      to: person.to,
      ...letter({
        subject: `You are no longer a member of ${name}`,
        paragraphs: [
          `${['Hello', shown(person.to.name)].join(' ').trim()},`,
          `${name} could no longer prove that the domain of your e-mail address belongs to it, so you were removed from it, and from the accounts that it manages.`,
        ],
        after: ['You can still sign in with your password. Your administrators can bring you back.'],
      }),
    };
  },
};
