import { type Right, type RightName, rights } from '#commands';

/** Which right every route needs (P10). A route without a row stops the start; a row without a route fails a test. */
export const permissions: Readonly<Record<string, RightName>> = {
  'GET /health/live': 'public',
  'GET /health/ready': 'public',
  'GET /metrics': 'public',
  'GET /openapi.json': 'public',
  'GET /docs': 'public',
  'GET /docs/init.js': 'public',
  'GET /docs/swagger-ui.css': 'public',
  'GET /docs/swagger-ui-bundle.js': 'public',
  'GET /docs/favicon-32x32.png': 'public',

  'GET /v1/operations/projections': 'operate',
  'POST /v1/operations/projections/{name}/rebuild': 'operate',
  'GET /v1/operations/parked': 'operate',
  'POST /v1/operations/parked/{id}/retry': 'operate',
  'PUT /v1/operations/organizations/{organizationId}/limits': 'operate',

  'POST /v1/sign-ups': 'public',
  'POST /v1/sessions': 'public',
  'POST /v1/sessions/two-factor': 'public',
  'POST /v1/sessions/two-factor/resend': 'public',
  'DELETE /v1/sessions/current': 'oneself',
  'POST /v1/password-resets': 'public',
  'POST /v1/password-resets/complete': 'public',
  'POST /v1/email-verifications': 'oneself',
  'POST /v1/email-verifications/complete': 'public',
  'GET /v1/me': 'oneself',
  'POST /v1/me/password': 'oneself_enrolled',
  'GET /v1/me/sessions': 'oneself',
  'DELETE /v1/me/sessions/{sessionId}': 'oneself',
  'GET /v1/me/two-factor': 'oneself',
  'POST /v1/me/two-factor': 'oneself_enrolling',
  'POST /v1/me/two-factor/confirm': 'oneself_enrolling',
  'POST /v1/me/two-factor/disable': 'oneself_enrolled',
  'POST /v1/me/two-factor/recovery-codes': 'oneself_enrolled',

  'POST /v1/organizations': 'oneself_verified',
  'GET /v1/organizations/{organizationId}': 'belong',
  'PATCH /v1/organizations/{organizationId}': 'rename',
  'DELETE /v1/organizations/{organizationId}': 'manage',
  'GET /v1/organizations/{organizationId}/summary': 'read',
  'GET /v1/organizations/{organizationId}/upcoming': 'read',
  'PUT /v1/organizations/{organizationId}/sign-up-policy': 'manage',
  'POST /v1/organizations/{organizationId}/transfer-ownership': 'own',

  'POST /v1/organizations/{organizationId}/api-keys': 'manage',
  'GET /v1/organizations/{organizationId}/api-keys': 'read',
  'DELETE /v1/organizations/{organizationId}/api-keys/{apiKeyId}': 'manage',

  'GET /v1/organizations/{organizationId}/users': 'read',
  'GET /v1/organizations/{organizationId}/users/{userId}': 'read_person',
  'PATCH /v1/organizations/{organizationId}/users/{userId}': 'rename_person',
  'POST /v1/organizations/{organizationId}/users/{userId}/reset-password': 'manage',
  'POST /v1/organizations/{organizationId}/users/{userId}/reset-two-factor': 'manage',
  'GET /v1/organizations/{organizationId}/users/{userId}/explain': 'read',
  'PUT /v1/organizations/{organizationId}/users/{userId}/role': 'manage',
  'PUT /v1/organizations/{organizationId}/users/{userId}/two-factor-requirement': 'manage',
  'PUT /v1/organizations/{organizationId}/users/{userId}/email': 'manage',
  'POST /v1/organizations/{organizationId}/users/{userId}/deactivate': 'manage',
  'POST /v1/organizations/{organizationId}/users/{userId}/reactivate': 'manage',
  'POST /v1/organizations/{organizationId}/users/{userId}/remove': 'manage',
  'POST /v1/organizations/{organizationId}/users/{userId}/delete': 'manage',

  'GET /v1/organizations/{organizationId}/users/{userId}/accounts': 'read_person',

  'POST /v1/organizations/{organizationId}/accounts': 'create_accounts',
  'GET /v1/organizations/{organizationId}/accounts': 'read',
  'POST /v1/organizations/{organizationId}/accounts/{accountId}/relinquish': 'manage',
  'GET /v1/accounts/{accountId}': 'read_account',
  'PATCH /v1/accounts/{accountId}': 'rename_account',
  'POST /v1/accounts/{accountId}/transfer-ownership': 'own_account',
  'POST /v1/accounts/{accountId}/suspend': 'suspend_account',
  'POST /v1/accounts/{accountId}/reactivate': 'suspend_account',
  'POST /v1/accounts/{accountId}/close': 'own_account',
  'PUT /v1/accounts/{accountId}/two-factor-requirement': 'manage_account',
  'GET /v1/accounts/{accountId}/users': 'read_account_users',
  'GET /v1/accounts/{accountId}/audit-events': 'read_account_users',
  'PUT /v1/accounts/{accountId}/users/{userId}/roles': 'manage_account',
  'POST /v1/accounts/{accountId}/users/{userId}/remove': 'manage_account',
  'POST /v1/organizations/{organizationId}/account-additions': 'manage',
  'GET /v1/account-additions/{additionId}': 'answer_addition',
  'POST /v1/account-additions/{additionId}/confirm': 'answer_addition',
  'POST /v1/account-additions/{additionId}/decline': 'answer_addition',
  'POST /v1/accounts/{accountId}/invitations': 'manage_account',
  'GET /v1/accounts/{accountId}/invitations': 'read_account_users',
  'GET /v1/accounts/{accountId}/invitations/{invitationId}': 'read_account_users',
  'POST /v1/accounts/{accountId}/invitations/{invitationId}/resend': 'manage_account',
  'POST /v1/accounts/{accountId}/invitations/{invitationId}/cancel': 'manage_account',
  'GET /v1/account-roles': 'public',

  'POST /v1/organizations/{organizationId}/invitations': 'manage',
  'GET /v1/organizations/{organizationId}/invitations': 'read',
  'GET /v1/organizations/{organizationId}/invitations/{invitationId}': 'read',
  'POST /v1/organizations/{organizationId}/invitations/{invitationId}/resend': 'manage',
  'POST /v1/organizations/{organizationId}/invitations/{invitationId}/cancel': 'manage',
  'GET /v1/invitations/by-token': 'public',
  'POST /v1/invitations/accept': 'public',
  'POST /v1/invitations/decline': 'public',

  'POST /v1/organizations/{organizationId}/domains': 'manage',
  'GET /v1/organizations/{organizationId}/domains': 'read',
  'GET /v1/organizations/{organizationId}/domains/{domainId}': 'read',
  'GET /v1/organizations/{organizationId}/domains/{domainId}/verification-file': 'read',
  'POST /v1/organizations/{organizationId}/domains/{domainId}/verify': 'manage',
  'PUT /v1/organizations/{organizationId}/domains/{domainId}/method': 'manage',
  'POST /v1/organizations/{organizationId}/domains/{domainId}/delete': 'manage',
  'POST /v1/organizations/{organizationId}/domains/{domainId}/restore-users': 'manage',

  'POST /v1/organizations/{organizationId}/imports': 'manage',
  'GET /v1/organizations/{organizationId}/imports': 'read',
  'GET /v1/organizations/{organizationId}/imports/{importId}': 'read',
  'GET /v1/organizations/{organizationId}/imports/{importId}/report.csv': 'read',
  'GET /v1/organizations/{organizationId}/imports/{importId}/progress': 'read',
  'GET /v1/organizations/{organizationId}/imports/{importId}/rows': 'read',
  'PUT /v1/organizations/{organizationId}/imports/{importId}/selection': 'manage',
  'POST /v1/organizations/{organizationId}/imports/{importId}/notify': 'manage',
  'POST /v1/organizations/{organizationId}/imports/{importId}/start': 'manage',
  'GET /v1/organizations/{organizationId}/import-candidates': 'read',

  'POST /v1/organizations/{organizationId}/merges': 'manage',
  'GET /v1/organizations/{organizationId}/merges': 'read',
  'GET /v1/organizations/{organizationId}/merges/preview': 'manage',
  'GET /v1/organizations/{organizationId}/merges/{mergeId}': 'read',
  'PUT /v1/operations/bulk-import/{id}': 'operate',

  'GET /v1/organizations/{organizationId}/audit-events': 'read',
  'GET /v1/organizations/{organizationId}/audit-events/{eventId}': 'read',

  'GET /sandbox/mail': 'public',
  'GET /sandbox/sms': 'public',
  'PUT /sandbox/dns/{name}/TXT': 'public',
  'DELETE /sandbox/dns/{name}/TXT': 'public',
  'PUT /sandbox/https/{host}': 'public',
  'DELETE /sandbox/https/{host}': 'public',
  'GET /sandbox/clock': 'public',
  'POST /sandbox/clock/advance': 'public',
};

/** How a route stands in the table: `HEAD` reads as `GET` does, parameters in braces. */
export const rowOf = (method: string, path: string): string =>
  `${method === 'HEAD' ? 'GET' : method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`;

/** Undefined: no row, so nobody. */
export const rightOf = (method: string, path: string): Right | undefined => {
  const name = permissions[rowOf(method, path)];
  return name && rights[name];
};

/** @throws Error with a sentence that names the routes for which the table has no row */
export const refuseRoutesWithoutRow = (routes: readonly { method: string; path: string }[]): void => {
  const open = routes.filter(({ method, path }) => !rightOf(method, path));
  if (open.length > 0)
    throw new Error(
      `libs/permissions says for nobody who may ${open.map(({ method, path }) => rowOf(method, path)).join(', ')}`,
    );
};
