import { type Right, rights } from '#commands';
import { permissions } from '#permissions';
import type { Operation } from '../support/openapi.ts';
import { forgedIds, type Ids, type Principal } from './scene.ts';

/** How the ids of a path stand to who calls. */
export type Relation =
  | 'own'
  | 'of another organization'
  | 'foreign under an own path'
  | 'of an organization merged into another'
  | 'forged'
  | 'forged under an own path'
  | 'malformed';

/** The relations that make a difference for a path. */
export const relationsOf = ({ pathParameters }: Operation): readonly Relation[] => {
  if (pathParameters.length === 0) return ['own'];
  const nested: readonly Relation[] = ['foreign under an own path', 'forged under an own path'];
  const isNested = pathParameters.includes('organizationId') && pathParameters.length > 1;
  const merged: readonly Relation[] = pathParameters.includes('organizationId')
    ? ['of an organization merged into another']
    : [];
  return ['own', 'of another organization', ...merged, 'forged', 'malformed', ...(isNested ? nested : [])];
};

/** An account has invitations of its own. */
const named = (ids: Ids, { path }: Operation): Ids =>
  path.startsWith('/v1/accounts/') ? { ...ids, invitationId: ids.accountInvitationId ?? '' } : ids;

/** The ids that a path is filled with. */
export const idsFor = (relation: Relation, operation: Operation, principal: Principal): Ids => {
  const forged = forgedIds();
  const home = named(principal.home.ids, operation);
  const others = named(principal.others.ids, operation);
  const { organizationId = '' } = home;
  switch (relation) {
    case 'own':
      return { ...forged, ...home };
    case 'of another organization':
      return { ...forged, ...others };
    case 'of an organization merged into another':
      return { ...forged, ...(principal.home.absorbed ?? principal.others.absorbed) };
    case 'foreign under an own path':
      return { ...forged, ...others, organizationId };
    case 'forged':
      return forged;
    case 'forged under an own path':
      return { ...forged, organizationId };
    case 'malformed':
      return Object.fromEntries(Object.keys(forged).map((name) => [name, 'nonsense']));
  }
};

export const refusals = [
  'unauthenticated',
  'forbidden',
  'email_unverified',
  'two_factor_enrolment_required',
  'not_found',
  'organization_absorbed',
] as const;

/** A cell: the code of a refusal by right, or `admitted`, whatever the rules say after that. */
export type Verdict = (typeof refusals)[number] | 'admitted';

/** What these are about nobody of the scene has. */
const notInTheScene = new Set([
  'POST /v1/organizations/{organizationId}/accounts/{accountId}/relinquish',
  'POST /v1/operations/parked/{id}/retry',
]);

/** From the table alone. @throws Error for an operation without a row */
export const expected = (operation: Operation, principal: Principal, relation: Relation): Verdict => {
  const name = permissions[operation.row];
  if (!name) throw new Error(`libs/permissions has no row for ${operation.row}`);
  const right: Right = rights[name];
  if (right.of === 'anybody') return 'admitted';
  if (principal.type === 'nobody') return 'unauthenticated';
  if ((right.of === 'operator') !== (principal.type === 'operator')) return 'not_found';
  if (right.of === 'operator') return operatorSees(operation, principal, relation) ? 'admitted' : 'not_found';
  if (principal.mustEnrol && !right.enrolling) return 'two_factor_enrolment_required';
  if (relation === 'of an organization merged into another') return ofTheMerged(operation, right, principal);
  const things = operation.pathParameters.filter((parameter) => parameter !== 'organizationId');
  const isThere =
    relation === 'own' &&
    !notInTheScene.has(operation.row) &&
    things.every((parameter) => parameter in principal.home.ids);
  if (right.of === 'organization' && !(isOwnPath(relation) && principal.home.organizationId !== ''))
    return 'not_found';
  if (right.of === 'account' && !isThere) return 'not_found';
  return (
    refusalBy(right, principal, isThere && things.includes('userId')) ?? (isThere ? 'admitted' : 'not_found')
  );
};

/** MRG-04: its successor's people are told where it went, and read its history; for all others it is not there. */
const ofTheMerged = (
  { method, path, pathParameters }: Operation,
  right: Right,
  principal: Principal,
): Verdict => {
  const { absorbed } = principal.home;
  if (!absorbed) return 'not_found';
  if (method !== 'GET' || !path.includes('/audit-events')) return 'organization_absorbed';
  const isThere = pathParameters.every((parameter) => parameter in absorbed);
  return refusalBy(right, principal, false) ?? (isThere ? 'admitted' : 'not_found');
};

/** Whose organization a thing is makes no difference to whoever runs the product. */
const operatorSees = (
  { row, pathParameters }: Operation,
  principal: Principal,
  relation: Relation,
): boolean => {
  const { home, others } = principal;
  const known = relation === 'own' ? home.ids : relation === 'of another organization' ? others.ids : {};
  return !notInTheScene.has(row) && pathParameters.every((parameter) => parameter in known);
};

const isOwnPath = (relation: Relation): boolean =>
  relation === 'own' || relation === 'foreign under an own path' || relation === 'forged under an own path';

const refusalBy = (right: Right, principal: Principal, namesSomebody: boolean): Verdict | undefined => {
  if (right.oneself && namesSomebody && principal.home.ids.userId === principal.userId) return undefined;
  const may = right.of === 'oneself' ? principal.type === 'user' : hasRole(right, principal);
  if (!may) return 'forbidden';
  return right.unverified || principal.verified ? undefined : 'email_unverified';
};

const hasRole = ({ roles, accountRoles = [] }: Right, principal: Principal): boolean =>
  (principal.role !== null && roles.includes(principal.role)) ||
  accountRoles.some((role) =>
    role === 'any' ? principal.accountRoles.length > 0 : principal.accountRoles.includes(role),
  );
