/** The words of a mail. Everything in them that a person wrote is one line of visible text. */
export interface MailText {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly links: readonly string[];
}

export interface EmailVerificationFields {
  readonly givenName: string;
  readonly link: string;
}

export const emailVerificationText = ({ givenName, link }: EmailVerificationFields): MailText =>
  letter({
    subject: 'Confirm your e-mail address',
    paragraphs: [
      `${['Hello', shown(givenName)].join(' ').trim()},`,
      'please confirm that this e-mail address is yours. Until then you can sign in, but not invite people or change anything for others.',
    ],
    action: { label: 'Confirm e-mail address', link },
    after: ['If you did not sign up, ignore this message: nothing happens without this link.'],
  });

export interface PasswordResetFields {
  readonly givenName: string;
  /** True: the old password works no more. */
  readonly byAdministrator: boolean;
  /** ISO 8601. */
  readonly expiresAt: string;
  readonly link: string;
}

/** USR-12. */
export const passwordResetText = (fields: PasswordResetFields): MailText =>
  letter({
    subject: 'Choose a new password',
    paragraphs: [
      `${['Hello', shown(fields.givenName)].join(' ').trim()},`,
      fields.byAdministrator
        ? 'an administrator of your organization has reset your password. The old one works no more, and you were signed out everywhere.'
        : 'somebody, probably you, has asked for a new password for this e-mail address.',
    ],
    action: { label: 'Choose a new password', link: fields.link },
    after: [
      `The link works until ${instant(fields.expiresAt)}, once. If a newer message like this reaches you, only the newest link works.`,
      ...(fields.byAdministrator ? [] : ['If you did not ask, ignore this message: your password stays.']),
    ],
  });

export interface TwoFactorResetFields {
  readonly givenName: string;
  readonly page: string;
}

/** USR-13. */
export const twoFactorResetText = ({ givenName, page: address }: TwoFactorResetFields): MailText =>
  letter({
    subject: 'Your second factor was reset',
    paragraphs: [
      `${['Hello', shown(givenName)].join(' ').trim()},`,
      'an administrator of your organization has removed your second factor: the codes of your telephone or authenticator, and your recovery codes, work no more. You are asked for a new one when you sign in.',
    ],
    action: { label: 'Sign in', link: address },
    after: ['If you did not ask for this, speak with an administrator of your organization.'],
  });

export interface InvitationFields {
  readonly inviterName: string;
  /** Null: access to accounts only. */
  readonly organizationName: string | null;
  /** MRG-03: name of the invitee's own organization, which accepting merges into that one. */
  readonly absorbs?: string | null;
  /** Role in the organization, such as `standard_user`; null with accounts only. */
  readonly role: string | null;
  readonly accounts?: readonly { readonly name: string; readonly roles: readonly string[] }[];
  /** AMB-15: names of accounts that the invitee owns and brings along. */
  readonly ownedAccounts?: readonly string[];
  /** ISO 8601. */
  readonly expiresAt: string;
  readonly link: string;
}

export const invitationText = (fields: InvitationFields): MailText => {
  const { organizationName, role, accounts = [], ownedAccounts = [], link } = fields;
  const inviter = shown(fields.inviterName);
  const organization = organizationName === null ? null : shown(organizationName);
  const list = accounts.map(({ name, roles }) => `${shown(name)} (${roles.map(roleName).join(', ')})`);
  const goal = organization ?? (list.length === 1 ? shown(accounts[0]?.name ?? '') : 'their accounts');
  const joins =
    organization !== null &&
    `Accepting makes you a member of ${organization}${role === null ? '' : ` as ${roleName(role)}`}. Its administrators then manage your user: they can change your name, reset your password, deactivate or delete you.`;
  const grants =
    list.length > 0 &&
    `${organization === null ? 'Accepting gives' : 'It also gives'} you access to ${list.join('; ')}.`;
  const brings =
    ownedAccounts.length > 0 &&
    `The accounts that you own come along and belong to it from then on: ${ownedAccounts.map(shown).join('; ')}.`;
  const own = fields.absorbs ?? null;
  const merges =
    own !== null &&
    `Accepting merges your organization ${shown(own)} into ${goal}: it ceases to exist, its users and accounts move there, and its Administrators become Standard Users. Roles on accounts stay. This cannot be undone.`;
  return letter({
    subject: `${inviter} invites you to ${goal}`,
    paragraphs: ['Hello,', `${inviter} invites you to ${goal}.`, merges, joins, brings, grants].filter(
      (part) => part !== false,
    ),
    action: { label: 'See the invitation', link },
    after: [
      `The link works until ${instant(fields.expiresAt)}. If a newer invitation reaches you, only the newest link works.`,
      'Nothing changes before you accept. If you do not know the sender, ignore this message.',
    ],
  });
};

export interface ImportNoticeFields {
  readonly givenName: string;
  readonly organizationName: string;
  readonly link: string;
}

export const importNoticeText = ({ givenName, organizationName, link }: ImportNoticeFields): MailText => {
  const organization = shown(organizationName);
  return letter({
    subject: `${organization} is going to manage your user`,
    paragraphs: [
      `${['Hello', shown(givenName)].join(' ').trim()},`,
      `your e-mail address is of a domain of ${organization}. ${organization} is going to bring your user and the accounts you own into its organization.`,
      'Its administrators then manage your user: they can change your name, reset your password, deactivate or delete you. An organization that you own yourself is merged into it. Your roles on accounts stay.',
    ],
    action: { label: 'See your user', link },
    after: [`If you have questions, ask the administrators of ${organization}.`],
  });
};

export interface AccountAdditionFields {
  readonly givenName: string;
  readonly organizationName: string;
  readonly accountName: string;
  readonly kind: 'managed' | 'independent';
  /** ISO 8601. */
  readonly expiresAt: string;
  /** Where the owner answers, signed in. */
  readonly page: string;
}

export const accountAdditionText = (fields: AccountAdditionFields): MailText => {
  const organization = shown(fields.organizationName);
  const name = shown(fields.accountName);
  const consequence =
    fields.kind === 'managed'
      ? `If you confirm, the account belongs to ${organization} from then on, and you become a user that its administrators manage. Other accounts that you own come along.`
      : `If you confirm, ${organization} sees the account. It stays yours, and they can give the access back at any time.`;
  return letter({
    subject: `${organization} asks for your account ${name}`,
    paragraphs: [
      `${['Hello', shown(fields.givenName)].join(' ').trim()},`,
      `${organization} asks to add your account ${name}.`,
      consequence,
    ],
    action: { label: 'Sign in and answer', link: fields.page },
    after: [
      `You can answer until ${instant(fields.expiresAt)}.`,
      'Nothing changes before you confirm. If you do not know who is asking, decline or ignore this message.',
    ],
  });
};

/** `standard_user` as people read it: Standard User. */
const roleName = (role: string): string =>
  shown(role)
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(' ');

const utc = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' });

export const instant = (iso: string): string => `${utc.format(new Date(iso))} UTC`;

/** One line; no controls, no characters that turn the reading direction, no line separators. */
export const shown = (text: string): string =>
  [
    ...text
      .replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, ' ')
      .replace(/ {2,}/g, ' ')
      .trim(),
  ]
    .slice(0, 255)
    .join('');

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => entities[character] as string);

interface Letter {
  readonly subject: string;
  readonly paragraphs: readonly string[];
  /** Absent: a notice that asks for nothing. */
  readonly action?: { readonly label: string; readonly link: string };
  readonly after: readonly string[];
}

export const letter = ({ subject, paragraphs, action, after }: Letter): MailText => ({
  subject,
  text: `${[...paragraphs, ...(action ? [`${action.label}:\n${action.link}`] : []), ...after].join('\n\n')}\n`,
  html: page(subject, paragraphs, action, after),
  links: action ? [action.link] : [],
});

const page = (
  subject: string,
  paragraphs: readonly string[],
  action: Letter['action'],
  after: readonly string[],
): string => {
  const style =
    'margin:0 0 16px;font:16px/1.5 system-ui,-apple-system,Segoe UI,Roboto,sans-serif;color:#1b2430';
  const small = `${style};font-size:14px;color:#4a5565`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light">
<title>${escaped(subject)}</title>
</head>
<body style="margin:0;padding:24px;background:#f3f5f8">
<main style="max-width:560px;margin:0 auto;padding:32px;background:#ffffff;border:1px solid #d9dfe7;border-radius:8px">
<h1 style="margin:0 0 20px;font:600 20px/1.3 system-ui,-apple-system,Segoe UI,Roboto,sans-serif;color:#1b2430">${escaped(subject)}</h1>
${paragraphs.map((part) => `<p style="${style}">${escaped(part)}</p>`).join('\n')}
${action ? button(action, small) : ''}
${after.map((part) => `<p style="${small}">${escaped(part)}</p>`).join('\n')}
</main>
</body>
</html>
`;
};

const button = ({ label, link }: NonNullable<Letter['action']>, small: string): string => {
  const href = escaped(link);
  return `<p style="margin:24px 0"><a href="${href}" style="display:inline-block;padding:12px 20px;background:#1f4fd1;color:#ffffff;font:600 16px/1.2 system-ui,-apple-system,Segoe UI,Roboto,sans-serif;text-decoration:none;border-radius:6px">${escaped(label)}</a></p>
<p style="${small}">If the button does not work, open this address:<br><a href="${href}" style="color:#1f4fd1;word-break:break-all">${href}</a></p>`;
};
