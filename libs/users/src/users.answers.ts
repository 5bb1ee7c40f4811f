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
  position,
  receiptWith,
  text,
  time,
  toldEvent,
  uuid,
} from '#http';

export const organizationRole = oneOf('owner', 'administrator', 'standard_user');

export const me = called(
  'Me',
  object({
    userId: id('usr'),
    email: text,
    emailVerified: flag,
    givenName: text,
    familyName: text,
    status: oneOf('active'),
    organizationId: orNull(id('org')),
    role: orNull(organizationRole),
  }),
);

export const user = called(
  'User',
  object({
    userId: id('usr'),
    organizationId: id('org'),
    kind: oneOf('managed', 'independent', 'pending'),
    email: text,
    emailVerified: flag,
    givenName: text,
    familyName: text,
    role: orNull(organizationRole),
    status: oneOf('active', 'deactivated', 'pending'),
    twoFactorRequired: flag,
    domain: text,
    accounts: count,
    joinedAt: orNull(time),
    accountIds: maybe(list(id('acc'))),
    invitationId: maybe(id('inv')),
    invitedBy: maybe(id('usr', 'key')),
    sentAt: maybe(time),
    expiresAt: maybe(time),
    timesSent: maybe(count),
    isMerge: maybe(flag),
    delivery: maybe(oneOf('queued', 'accepted', 'deferred', 'bounced', 'failed')),
  }),
);

export const users = pageOf(user);

const fieldValue = orNull(either(either(text, count), flag));

export const explanation = object({
  userId: id('usr'),
  organizationId: id('org'),
  field: text,
  value: fieldValue,
  history: list(
    object({ value: fieldValue, position, because: list(object({ ...toldEvent, commandId: uuid })) }),
  ),
  position,
  asOf: time,
});

export const signedUp = receiptWith({
  userId: id('usr'),
  organizationId: orNull(id('org')),
  accountId: orNull(id('acc')),
  joinsAfterVerification: maybe(oneOf(true)),
});

export const addressProved = receiptWith({ userId: id('usr'), emailVerified: flag });

export const renamed = receiptWith({ userId: id('usr'), givenName: text, familyName: text });

export const changedMember = receiptWith({
  userId: id('usr'),
  organizationId: orNull(id('org')),
  role: orNull(organizationRole),
  status: oneOf('active', 'deactivated', 'pending'),
  email: text,
  emailVerified: flag,
  twoFactorRequired: flag,
});

export const founded = receiptWith({ organizationId: id('org') });

export const ownershipTransferred = receiptWith({ organizationId: id('org'), ownerId: id('usr') });
