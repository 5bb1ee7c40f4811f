import {
  called,
  count,
  flag,
  id,
  list,
  maybe,
  object,
  oneOf,
  orNull,
  pageOf,
  position,
  receiptWith,
  text,
  time,
} from '#http';

const role = oneOf('owner', 'administrator', 'standard_user');

export const merge = called(
  'Merge',
  object({
    mergeId: id('mrg'),
    organizationId: id('org'),
    candidateOrganizationId: id('org'),
    candidateOwnerId: id('usr'),
    role: oneOf('administrator', 'standard_user'),
    via: oneOf('invitation', 'import'),
    importId: orNull(id('imp')),
    invitationId: orNull(id('inv')),
    status: oneOf('requested', 'withdrawn', 'running', 'completed', 'failed'),
    reason: orNull(text),
    users: count,
    accounts: count,
    requestedAt: orNull(time),
    startedAt: orNull(time),
    completedAt: orNull(time),
  }),
);

export const merges = pageOf(merge);

const downgrade = { userId: id('usr'), fromRole: role, toRole: role };

export const mergePreview = object({
  candidateOwnerEmail: text,
  candidateOwnerId: orNull(id('usr')),
  mergeable: flag,
  blockers: list(object({ code: text, detail: text })),
  candidateOrganizationId: orNull(id('org')),
  candidateOrganizationName: maybe(text),
  users: list(object({ ...downgrade, email: orNull(text) })),
  usersTotal: count,
  accounts: list(object({ accountId: id('acc'), name: text })),
  accountsTotal: count,
  roleDowngrades: list(object(downgrade)),
  roleDowngradesTotal: count,
  nextCursor: orNull(text),
  position: maybe(position),
  notices: list(text),
});

export const requestedMerge = receiptWith({
  mergeId: id('mrg'),
  invitationId: id('inv'),
  kind: oneOf('merge'),
  userId: id('usr'),
  candidateOrganizationId: id('org'),
});
