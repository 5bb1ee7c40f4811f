import { aboutOf, fullName, type MailKind, passwordResetText, twoFactorResetText } from '#mail';
import { user } from '#users';
import { credential } from './credential.ts';

export const passwordResetMail: MailKind = {
  kind: 'password_reset',

  async compose(entry, desk) {
    const id = aboutOf(entry);
    const generation = Number(entry.references?.generation);
    const {
      state: { reset, passwordForgotten },
    } = await desk.load(credential, id);
    if (!reset?.isOpen || reset.generation !== generation || desk.now() >= reset.expiresAt) return undefined;
    const { state: person } = await desk.load(user, id);
    if (person.status !== 'active') return undefined;
    return {
      to: { name: fullName(person), address: person.email },
      ...passwordResetText({
        givenName: person.givenName,
        byAdministrator: passwordForgotten,
        expiresAt: reset.expiresAt,
        link: desk.link('password_reset', id, generation),
      }),
    };
  },
};

/** USR-13. */
export const twoFactorResetMail: MailKind = {
  kind: 'two_factor_reset',

  async compose(entry, desk) {
    const { state: person } = await desk.load(user, aboutOf(entry));
    if (person.status !== 'active') return undefined;
    return {
      to: { name: fullName(person), address: person.email },
      ...twoFactorResetText({ givenName: person.givenName, page: desk.page('/') }),
    };
  },
};
