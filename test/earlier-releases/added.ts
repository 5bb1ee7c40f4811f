import { expect } from '@jest/globals';
import type { Answer, Json } from './somebody.ts';

type Fields = Readonly<Record<string, Json>>;

const toOrganizations: Fields = { accountId: null, accounts: [], joinsOrganizationId: null };
const offered: Fields = { ...toOrganizations, ownedAccountIds: [] };

/** What later releases say of events that were stored before they knew more: the upcasters, told by another hand. */
const ofEvents: Readonly<Record<string, (data: Fields) => Fields>> = {
  UserRegistered: () => ({ joinsAfterVerification: null }),
  UserActivated: () => ({ joinsAfterVerification: null }),
  EmailVerified: () => ({ joins: null }),
  UserJoinedOrg: ({ via }) => ({ ownedAccountIds: [], emailVerified: via === 'invitation' }),
  InviteSent: () => ({ ...offered, absorbs: null }),
  InviteResent: () => ({ ...offered, absorbs: null }),
  InviteAccepted: () => ({ ...toOrganizations, absorbs: null }),
  AccountCreated: () => ({ ownerEmail: '', ownerGivenName: '', ownerFamilyName: '' }),
  DomainUsersRemoved: () => ({ after: '' }),
};

const invitation = (shown: Fields): Fields => ({ ...offered, ...shown });

const isProved = (status: string): boolean => status === 'verified' || status === 'unvalidated';

/** Imports came later, and so did the daily look at a domain that nobody has proved yet. */
const domain = (shown: Fields): Fields => ({
  importCandidates: isProved(shown.status)
    ? `/v1/organizations/${shown.organizationId}/import-candidates?domain=${shown.domain}`
    : null,
  ...shown,
  ...(shown.status === 'pending' && shown.nextCheckAt === null && { nextCheckAt: expect.any(String) }),
});

const event = (shown: Fields): Fields => ({
  ...shown,
  data: { ...ofEvents[shown.type]?.(shown.data), ...shown.data },
});

const shownAt: readonly (readonly [path: RegExp, raised: (shown: Fields) => Fields])[] = [
  [/^\/v1\/organizations\/[^/]+\/invitations\b/, invitation],
  [/\/domains\b/, domain],
  [/\/audit-events\b/, event],
];

/** What an earlier release answered, with exactly the fields that later ones have added. */
export const withWhatWasAdded = (path: string, { status, body }: Answer): Answer => {
  const raised = shownAt.find(([pattern]) => pattern.test(path))?.[1];
  if (!raised || status !== 200) return { status, body };
  return { status, body: body.items ? { ...body, items: body.items.map(raised) } : raised(body) };
};

/** The receipt of an earlier command, when it is repeated today. */
export const receiptWithWhatWasAdded = (path: string, { status, body }: Answer): Answer => ({
  status,
  body: path.endsWith('/invitations') ? { accounts: [], ...body } : body,
});
