import { IsOptional } from 'class-validator';
import { mayRead } from '#commands';
import { type Answered, IsoTime, ListQuery, SortBy, Text } from '#http';
import { notFound } from '#kernel';
import { listHandlers, listRow, OrgledgerQuery, resourceHandlers, resourceRow } from '#queries';
import type { auditEvent } from './audit.answers.ts';
import type { AuditView } from './audit.projection.ts';

export class AuditEventsQuery extends ListQuery {
  @IsOptional() @SortBy('position') sort?: string;
  @IsOptional() @Text({ max: 100 }) type?: string;
  @IsOptional() @Text({ max: 100 }) actorId?: string;
  @IsOptional() @Text({ max: 100 }) resourceId?: string;
  @IsOptional() @Text({ max: 100 }) userId?: string;
  @IsOptional() @Text({ max: 100 }) sourceIp?: string;
  @IsOptional() @Text({ max: 100 }) correlationId?: string;
  /** Inclusive. */
  @IsOptional() @IsoTime() from?: string;
  /** Exclusive. */
  @IsOptional() @IsoTime() to?: string;
}

export class ListAuditEvents extends OrgledgerQuery {
  organizationId!: string;
  type?: string;
  actorId?: string;
  resourceId?: string;
  userId?: string;
  sourceIp?: string;
  correlationId?: string;
  from?: string;
  to?: string;
}

export class GetAuditEvent extends OrgledgerQuery {
  organizationId!: string;
  eventId!: string;
}

/** An event as the audit history shows it. */
export const auditItem = (view: AuditView & { _id: string }): Answered<typeof auditEvent> => {
  const { _id: id, position, type, occurredAt, actor, source, sourceIp, organizationId } = view;
  const { resource, summary, data, changes, correlationId, causationId } = view;
  return {
    id,
    position: String(position),
    type,
    occurredAt,
    actor,
    source,
    sourceIp,
    organizationId,
    resource,
    summary,
    data,
    changes,
    correlationId,
    causationId,
  };
};

const utc = (time: string | undefined): string | undefined =>
  time === undefined ? undefined : new Date(time).toISOString();

export const auditQueries = [
  ...listHandlers(
    listRow<ListAuditEvents, AuditView & { _id: string }>({
      on: ListAuditEvents,
      projection: 'audit',
      authorize: (principal, { organizationId }) => mayRead(principal, organizationId),
      where: ({ organizationId, type, actorId, resourceId, userId, sourceIp, correlationId, from, to }) => ({
        organizationId,
        type,
        actorId,
        resourceId,
        userId,
        sourceIp,
        correlationId,
        occurredAt: from === undefined && to === undefined ? undefined : { from: utc(from), to: utc(to) },
      }),
      sort: { position: '-position' },
      items: (views) => views.map(auditItem),
    }),
  ),
  ...resourceHandlers(
    resourceRow<GetAuditEvent, AuditView & { _id: string }>({
      on: GetAuditEvent,
      projection: 'audit',
      id: ({ eventId }) => eventId,
      authorize: (principal, { organizationId }, view) =>
        mayRead(principal, organizationId) ?? (view.organizationId === organizationId ? undefined : notFound),
      item: auditItem,
    }),
  ),
];
