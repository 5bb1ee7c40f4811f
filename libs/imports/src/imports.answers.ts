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

const status = oneOf('reporting', 'ready', 'running', 'completed');

export const importOf = called(
  'Import',
  object({
    importId: id('imp'),
    organizationId: id('org'),
    domains: list(text),
    status,
    rows: count,
    selected: count,
    imported: count,
    skipped: count,
    csvHash: orNull(text),
    reportPath: orNull(text),
    requestedBy: id('usr', 'key'),
    requestedAt: time,
    generatedAt: orNull(time),
    notifiedAt: orNull(time),
    startedAt: orNull(time),
    completedAt: orNull(time),
  }),
);

export const imports = pageOf(importOf);

export const importRows = pageOf(
  object({
    row: count,
    userId: id('usr'),
    email: orNull(text),
    outcome: oneOf('imported', 'skipped'),
    reason: orNull(text),
    mergeId: orNull(id('mrg')),
  }),
);

export const candidates = pageOf(
  object({
    userId: id('usr'),
    email: text,
    givenName: text,
    familyName: text,
    domain: text,
    signedUpAt: time,
    organizationId: orNull(id('org')),
    role: orNull(oneOf('owner', 'administrator', 'standard_user')),
    outlook: text,
    blockers: list(text),
    leftOut: flag,
  }),
);

export const changedImport = receiptWith({
  importId: id('imp'),
  status,
  rows: count,
  selected: maybe(count),
});

export const enabledImport = receiptWith({ enabled: flag });
