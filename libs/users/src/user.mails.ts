import { aboutOf, emailVerificationText, fullName, type MailKind } from '#mail';
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
