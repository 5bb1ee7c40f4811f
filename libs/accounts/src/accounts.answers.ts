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
  receiptWith,
  text,
  time,
} from '#http';

const status = oneOf('active', 'suspended', 'pending_closure', 'closed');

export const accountRole = oneOf('owner', 'administrator', 'billing_manager', 'developer', 'support');

export const account = called(
  'Account',
  object({
    accountId: id('acc'),
    organizationId: orNull(id('org')),
    name: text,
    kind: oneOf('managed', 'independent', 'pending'),
    status,
    ownerId: orNull(id('usr')),
    ownerEmail: orNull(text),
    users: count,
    twoFactorRequired: flag,
    createdAt: time,
    additionId: maybe(id('add')),
    additionKind: maybe(oneOf('managed', 'independent')),
    expiresAt: maybe(time),
  }),
);

export const accounts = pageOf(account);

export const accountUsers = pageOf(
  object({
    userId: id('usr'),
    email: text,
    givenName: text,
    familyName: text,
    kind: oneOf('managed', 'independent', 'pending'),
    roles: list(accountRole),
    grantedAt: time,
  }),
);

export const accountsOfUser = pageOf(
  object({
    accountId: id('acc'),
    name: orNull(text),
    kind: orNull(oneOf('managed', 'independent', 'pending')),
    status: orNull(status),
    ownerId: orNull(id('usr')),
    roles: list(accountRole),
    grantedAt: time,
  }),
);

export const accountRoles = object({
  items: list(object({ role: accountRole, exclusive: flag, assignable: flag, permissions: list(text) })),
});

export const changedAccount = receiptWith({
  accountId: id('acc'),
  organizationId: orNull(id('org')),
  name: text,
  status,
  ownerId: id('usr'),
  twoFactorRequired: flag,
});

export const relinquished = receiptWith({ accountId: id('acc') });

export const changedAccess = receiptWith({
  accountId: id('acc'),
  userId: id('usr'),
  roles: list(accountRole),
});

const addition = {
  additionId: id('add'),
  accountId: id('acc'),
  organizationId: id('org'),
  kind: oneOf('managed', 'independent'),
  status: oneOf('pending', 'confirmed', 'declined', 'expired', 'reverted'),
  expiresAt: time,
};

export const accountAddition = object({
  ...addition,
  accountName: text,
  organizationName: orNull(text),
});

export const changedAddition = receiptWith(addition);
