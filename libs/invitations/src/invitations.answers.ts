import { accountRole } from '#accounts';
import {
  called,
  count,
  either,
  flag,
  id,
  list,
  maybe,
  object,
  oneOf,
  orNull,
  pageOf,
  receiptWith,
  text,
  time,
} from '#http';

const kind = oneOf('new_user', 'existing_user', 'merge');
const status = oneOf('pending', 'accepted', 'declined', 'cancelled', 'expired', 'reverted');
const role = oneOf('administrator', 'standard_user');
const granted = list(object({ accountId: id('acc'), roles: list(accountRole) }));

export const invitation = called(
  'Invitation',
  object({
    invitationId: id('inv'),
    organizationId: orNull(id('org')),
    accountId: orNull(id('acc')),
    userId: id('usr'),
    email: text,
    domain: text,
    role: orNull(role),
    accounts: granted,
    joinsOrganizationId: orNull(id('org')),
    ownedAccountIds: list(id('acc')),
    kind,
    status,
    invitedBy: id('usr', 'key'),
    sentAt: time,
    expiresAt: time,
    timesSent: count,
    delivery: oneOf('queued', 'accepted', 'deferred', 'bounced', 'failed'),
  }),
);

export const invitations = pageOf(invitation);

export const changedInvitation = receiptWith({
  invitationId: id('inv'),
  userId: id('usr'),
  kind,
  status,
  expiresAt: time,
  accounts: granted,
  granted: maybe(oneOf(false)),
});

/** Granted at once, or sent. */
export const invitedToAccount = either(
  receiptWith({
    granted: oneOf(true),
    accountId: id('acc'),
    userId: id('usr'),
    roles: list(accountRole),
  }),
  changedInvitation,
);

export const openedInvitation = object({
  kind,
  organizationName: orNull(text),
  inviterName: text,
  email: text,
  role: orNull(role),
  accounts: list(object({ accountId: id('acc'), roles: list(accountRole), name: text })),
  ownedAccounts: list(object({ accountId: id('acc'), name: text })),
  expiresAt: time,
  signInRequired: flag,
});

export const acceptedInvitation = receiptWith({
  invitationId: id('inv'),
  userId: id('usr'),
  organizationId: orNull(id('org')),
  role: orNull(role),
  accounts: granted,
});
