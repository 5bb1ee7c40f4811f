import { forbidden, manages, notFound, type Refusal, refuse } from '#kernel';
import type { Principal } from './envelope.ts';

export const emailUnverified: Refusal = refuse(
  'forbidden',
  'email_unverified',
  'Verify your e-mail address first; the link was mailed to you.',
);

/** Anybody of this organization; for all others it does not exist. */
export const inOrganization = (principal: Principal, organizationId: string | null): Refusal | undefined =>
  principal.type === 'system' || (organizationId !== null && principal.organizationId === organizationId)
    ? undefined
    : notFound;

/** Owner and Administrator of exactly this organization (rules.md 1.6); reading needs no verified address. */
export const mayRead = (principal: Principal, organizationId: string | null): Refusal | undefined =>
  inOrganization(principal, organizationId) ??
  (principal.type === 'system' || manages(principal.role) ? undefined : forbidden);

/** The same, for changes: the address must be verified. */
export const mayManage = (principal: Principal, organizationId: string | null): Refusal | undefined =>
  mayRead(principal, organizationId) ?? (principal.emailVerified ? undefined : emailUnverified);

/** What a person may do with their own things before their address is verified: rename them. */
export const mayRename = mayRead;

/** Only the product itself issues this command. */
export const systemOnly = (principal: Principal): Refusal | undefined =>
  principal.type === 'system' ? undefined : notFound;
