import { accountsNoun } from '#accounts';
import { apiKeysNoun } from '#api-keys';
import { auditNoun } from '#audit';
import { claimsNoun } from '#claims';
import type { Noun } from '#commands';
import { credentialsNoun } from '#credentials';
import { domainsNoun } from '#domains';
import { importsNoun } from '#imports';
import { invitationsNoun } from '#invitations';
import type { Catalogue } from '#kernel';
import { mergesNoun } from '#merges';
import { notificationsNoun } from '#notifications';
import { operationsNoun } from '#operations';
import { organizationsNoun } from '#organizations';
import { timersNoun } from '#timers';
import { usersNoun } from '#users';

const writing: readonly Noun[] = [
  organizationsNoun,
  domainsNoun,
  usersNoun,
  credentialsNoun,
  apiKeysNoun,
  accountsNoun,
  invitationsNoun,
  importsNoun,
  mergesNoun,
  claimsNoun,
  notificationsNoun,
];

/** Every event type that may stand in the log. */
export const catalogue: Catalogue = Object.assign({}, ...writing.map((noun) => noun.catalogue ?? {}));

export const timers = writing.flatMap((noun) => noun.timers ?? []);

export const nouns: readonly Noun[] = [...writing, timersNoun(timers), auditNoun(catalogue), operationsNoun];

export const mails = nouns.flatMap((noun) => noun.mails ?? []);

export const projections = nouns.flatMap((noun) => noun.projections ?? []);

export const policies = nouns.flatMap((noun) => noun.policies ?? []);
