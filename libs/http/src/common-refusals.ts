import { ListQuery } from './list-query.ts';
import type { RouteShape } from './shape.guard.ts';

/** What the conventions of api.md refuse before a route's own rules are asked. */
export const commonRefusals = (
  { method, path, isPublic }: { readonly method: string; readonly path: string; readonly isPublic: boolean },
  { query }: RouteShape,
): readonly string[] => {
  const isRead = method === 'get' || method === 'head';
  const isList = query !== undefined && query.type.prototype instanceof ListQuery;
  const isInside = /\{(?:organizationId|accountId)\}/.test(path);
  return [
    ...ofAll,
    ...(isRead ? ['position_unknown', ...(isList ? ['cursor_invalid'] : [])] : ofCommands),
    ...(isPublic ? [] : ofPeople),
    ...(isPublic || isRead ? [] : ['csrf_token_missing']),
    ...(isInside ? ['organization_absorbed', ...(isRead ? [] : ['organization_merging'])] : []),
  ];
};

const ofAll = [
  'header_invalid',
  'headers_too_large',
  'malformed_request',
  'malformed_url',
  'not_found',
  'rate_limited',
  'request_timeout',
  'validation_failed',
];

const ofCommands = [
  'body_incomplete',
  'body_too_large',
  'duplicate_key',
  'forbidden_key',
  'idempotency_key_in_use',
  'idempotency_key_reused',
  'invalid_unicode',
  'malformed_json',
  'revision_conflict',
  'too_deep',
  'unsupported_media_type',
];

const ofPeople = ['email_unverified', 'forbidden', 'two_factor_enrolment_required', 'unauthenticated'];

export const outages = [
  'identity_provider_unavailable',
  'internal_error',
  'overloaded',
  'stores_unavailable',
  'text_message_not_sent',
  'too_many_connections',
];
