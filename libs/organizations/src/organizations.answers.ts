import { called, count, flag, id, object, oneOf, orNull, position, receiptWith, text, time } from '#http';

const signUpPolicy = oneOf('invite_only', 'auto_join', 'outside');

export const organization = called(
  'Organization',
  object({
    organizationId: id('org'),
    name: text,
    ownerId: id('usr'),
    signUpPolicy,
    status: oneOf('open', 'merging', 'absorbed'),
    ownerOnUnverifiedDomain: flag,
    createdAt: time,
  }),
);

export const summary = object({
  users: object({ managed: count, independent: count, pending: count }),
  accounts: object({ managed: count, independent: count, pending: count }),
  domains: object({ pending: count, verified: count, unvalidated: count }),
  position,
  asOf: time,
});

export const renamedOrganization = receiptWith({ organizationId: id('org'), name: text });

export const changedSignUpPolicy = receiptWith({ organizationId: id('org'), signUpPolicy });

export const organizationLimits = receiptWith({
  organizationId: id('org'),
  users: orNull(count),
  accounts: orNull(count),
});
