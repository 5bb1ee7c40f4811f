import {
  called,
  count,
  dryRunWith,
  either,
  flag,
  id,
  list,
  object,
  oneOf,
  orNull,
  pageOf,
  receiptWith,
  text,
  time,
  whole,
} from '#http';

const method = oneOf('dns_txt', 'https_file');
const status = oneOf('pending', 'verified', 'unvalidated', 'expired');

const proof = {
  dnsRecord: object({ host: text, type: oneOf('TXT'), value: text, ttl: whole }),
  file: object({ url: text, content: text }),
};

export const domain = called(
  'Domain',
  object({
    domainId: id('dom'),
    organizationId: id('org'),
    domain: text,
    method,
    status,
    verifiedAt: orNull(time),
    lastCheckedAt: orNull(time),
    nextCheckAt: orNull(time),
    unvalidatedSince: orNull(time),
    deletionDueAt: orNull(time),
    managedUsers: count,
    importCandidates: orNull(text),
    ...proof,
  }),
);

export const domains = pageOf(domain);

export const changedDomain = receiptWith({ domainId: id('dom'), domain: text, method, status, ...proof });

export const checkedDomain = receiptWith({ domainId: id('dom'), status, observed: list(text), reason: text });

const comingBack = list(
  object({
    userId: id('usr'),
    email: text,
    role: oneOf('administrator', 'standard_user'),
    removedAt: time,
    accounts: list(object({ accountId: id('acc'), roles: list(text) })),
    restorable: flag,
    reason: orNull(text),
  }),
);

export const restoredUsers = either(
  receiptWith({ domainId: id('dom'), restorable: count, users: comingBack, usersTotal: count }),
  dryRunWith({ users: comingBack, usersTotal: count }),
);
