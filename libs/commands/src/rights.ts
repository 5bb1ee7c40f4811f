import { forbidden, notFound, type OrganizationRole, type Refusal, refuse } from '#kernel';
import type { Principal } from './envelope.ts';

/** What an organization lets somebody be; `auditor` is a key that reads everything and changes nothing. */
export type Role = OrganizationRole | 'auditor';

export interface Right {
  /** For the description of the API. */
  readonly who: string;
  /** Whose thing it is about: that decides who is asked. */
  readonly of: 'anybody' | 'oneself' | 'organization' | 'account' | 'operator';
  /** Roles in the organization whose thing it is. */
  readonly roles: readonly Role[];
  /** Roles on the account that it is about; `any` is whoever may use it. */
  readonly accountRoles?: readonly ('owner' | 'administrator' | 'any')[];
  /** Also the person whom the path names, whatever their role, verified or not. */
  readonly oneself?: true;
  /** Also before the e-mail address is verified. */
  readonly unverified?: true;
  /** Also while a second factor is required and not set up yet (SEC-05). */
  readonly enrolling?: true;
}

const managers = ['owner', 'administrator'] as const;
const readers = [...managers, 'auditor'] as const;
const members = [...readers, 'standard_user'] as const;

/** Who may do what (rules.md 1.6). Guards, rows and the matrix test all read this one table. */
export const rights = {
  public: { of: 'anybody', roles: [], unverified: true, who: 'anybody' },
  oneself: {
    of: 'oneself',
    roles: [],
    unverified: true,
    enrolling: true,
    who: 'every person, for themselves',
  },
  oneself_enrolling: {
    of: 'oneself',
    roles: [],
    enrolling: true,
    who: 'every person with a verified address, for themselves, also while a second factor is required and missing',
  },
  oneself_enrolled: {
    of: 'oneself',
    roles: [],
    unverified: true,
    who: 'every person who has the second factor that is required of them, for themselves',
  },
  oneself_verified: {
    of: 'oneself',
    roles: [],
    who: 'every person with a verified address, for themselves',
  },
  belong: { of: 'organization', roles: members, unverified: true, who: 'everybody of the organization' },
  read: {
    of: 'organization',
    roles: readers,
    unverified: true,
    who: 'Owner, Administrators and auditors of the organization',
  },
  read_person: {
    of: 'organization',
    roles: readers,
    oneself: true,
    unverified: true,
    who: 'Owner, Administrators and auditors of the organization, and the person themselves',
  },
  rename: {
    of: 'organization',
    roles: managers,
    unverified: true,
    who: 'Owner and Administrators of the organization, also before their address is verified',
  },
  rename_person: {
    of: 'organization',
    roles: managers,
    oneself: true,
    who: 'Owner and Administrators of the organization (only the Owner renames the Owner), and the person themselves',
  },
  manage: { of: 'organization', roles: managers, who: 'Owner and Administrators of the organization' },
  create_accounts: {
    of: 'organization',
    roles: [...managers, 'standard_user'],
    who: 'Owner, Administrators and Standard Users of the organization',
  },
  own: { of: 'organization', roles: ['owner'], who: 'the Owner of the organization' },
  read_account: {
    of: 'account',
    roles: readers,
    accountRoles: ['any'],
    unverified: true,
    who: 'Owner, Administrators and auditors of the organization, and whoever has a role on the account',
  },
  read_account_users: {
    of: 'account',
    roles: readers,
    accountRoles: managers,
    unverified: true,
    who: 'Owner, Administrators and auditors of the organization, Owner and Administrators of the account',
  },
  suspend_account: {
    of: 'account',
    roles: managers,
    who: 'Owner and Administrators of the organization; the Owner of an account that belongs to none',
  },
  rename_account: {
    of: 'account',
    roles: managers,
    accountRoles: managers,
    unverified: true,
    who: 'Owner and Administrators of the organization or of the account, also before their address is verified',
  },
  manage_account: {
    of: 'account',
    roles: managers,
    accountRoles: managers,
    who: 'Owner and Administrators of the organization or of the account',
  },
  own_account: {
    of: 'account',
    roles: managers,
    accountRoles: ['owner'],
    who: 'Owner and Administrators of the organization, and the Owner of the account',
  },
  answer_addition: { of: 'account', roles: [], accountRoles: ['owner'], who: 'the Owner of the account' },
  operate: { of: 'operator', roles: [], who: 'whoever runs the product' },
} as const satisfies Readonly<Record<string, Right>>;

export type RightName = keyof typeof rights;

export const emailUnverified: Refusal = refuse(
  'forbidden',
  'email_unverified',
  'Verify your e-mail address first; the link was mailed to you.',
);

export const mustEnrol: Refusal = refuse(
  'forbidden',
  'two_factor_enrolment_required',
  'A second factor is required of you; set it up first.',
);

/** The answer of a right on a thing of an organization; `null` is a thing that is not there, or nobody's. */
export const refusalBy = (
  { roles, unverified }: Right,
  principal: Principal,
  organizationId: string | null,
): Refusal | undefined => {
  if (principal.type === 'system') return undefined;
  if (organizationId === null || principal.organizationId !== organizationId) return notFound;
  if (principal.role === null || !roles.includes(principal.role)) return forbidden;
  return unverified || principal.emailVerified ? undefined : emailUnverified;
};

type Check = (principal: Principal, organizationId: string | null) => Refusal | undefined;

const may =
  (name: RightName): Check =>
  (principal, organizationId) =>
    refusalBy(rights[name], principal, organizationId);

/** Anybody of this organization; for all others it does not exist. */
export const inOrganization = may('belong');

/** Reading needs no verified address. */
export const mayRead = may('read');

/** Changes do. */
export const mayManage = may('manage');

/** What a person may do with their own things before their address is verified: rename them. */
export const mayRename = may('rename');

/** Managed users of every role (ROL-03). */
export const mayCreateAccounts = may('create_accounts');

export const mustOwn = may('own');

/** Only the product itself issues this command. */
export const systemOnly = (principal: Principal): Refusal | undefined =>
  principal.type === 'system' ? undefined : notFound;
