import type { Actor, Catalogue, Change, EventMetadata, Projection, RecordedEvent } from '#kernel';

/** One thing that happened, as an auditor reads it (AUD-01). */
export interface AuditView {
  readonly position: number;
  readonly type: string;
  readonly occurredAt: string;
  readonly actor: Actor;
  readonly actorId: string;
  readonly source: EventMetadata['source'];
  readonly sourceIp: string | null;
  readonly organizationId: string | null;
  readonly resource: { readonly type: string; readonly id: string };
  readonly resourceId: string;
  readonly userId: string | null;
  /** Others whose personal data stands in `data`. */
  readonly persons: readonly string[];
  readonly summary: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly changes: readonly Change[];
  readonly commandId: string;
  /** Tells a repeated Idempotency-Key from a reused one. */
  readonly fingerprint: string;
  readonly correlationId: string;
  readonly causationId: string | null;
}

const HIDDEN = new Set(['tokenHash', 'addressHash', 'factorId', 'batch', 'skeleton', 'generation', 'timed']);

/** Every event that is not a technical fact, of every noun. */
export const auditHistory = (catalogue: Catalogue): Projection<AuditView> => ({
  name: 'audit',
  version: 3,
  since: 2,
  immutable: true,
  bulky: true,
  persons: ['userId', 'actorId', 'persons'],
  indexes: [
    { organizationId: 1, position: -1 },
    { organizationId: 1, type: 1, position: -1 },
    { actorId: 1, organizationId: 1, position: -1 },
    { organizationId: 1, resourceId: 1, position: -1 },
    { userId: 1, organizationId: 1, position: -1 },
    { persons: 1 },
    { organizationId: 1, sourceIp: 1, position: -1 },
    { correlationId: 1, position: -1 },
    { organizationId: 1, occurredAt: 1, position: 1 },
    { occurredAt: 1 },
  ],
  counted: { scope: 'organizationId', by: ['type'] },
  on: Object.fromEntries(
    Object.entries(catalogue)
      .filter(([, { technical }]) => !technical)
      .map(([type, { summary, changes = [], personal = {} }]) => [
        type,
        {
          key: (event: RecordedEvent) => event.id,
          to: (_view: AuditView | undefined, event: RecordedEvent) =>
            viewOf(event, summary, changes, personal),
        },
      ]),
  ),
});

const viewOf = (
  { type, stream, position, data, metadata }: RecordedEvent,
  summary: string,
  changes: readonly Change[],
  personal: Readonly<Record<string, string>>,
): AuditView => {
  const fields = data as Readonly<Record<string, unknown>>;
  const resource = {
    type: stream.slice(0, stream.indexOf('-')),
    id: stream.slice(stream.indexOf('-') + 1),
  };
  return {
    position,
    type,
    occurredAt: metadata.occurredAt,
    actor: metadata.actor,
    actorId: metadata.actor.id,
    source: metadata.source,
    sourceIp: metadata.sourceIp,
    organizationId: metadata.organizationId,
    resource,
    resourceId: resource.id,
    userId: typeof fields.userId === 'string' ? fields.userId : null,
    persons: othersIn(fields, personal),
    summary,
    data: Object.fromEntries(
      Object.entries(fields).filter(([name]) => !HIDDEN.has(name) && !previousOf(name, fields)),
    ),
    changes: [...changes, ...changesIn(fields)],
    commandId: metadata.commandId,
    fingerprint: metadata.fingerprint,
    correlationId: metadata.correlationId,
    causationId: metadata.causationId,
  };
};

const othersIn = (
  fields: Readonly<Record<string, unknown>>,
  personal: Readonly<Record<string, string>>,
): string[] => {
  const ids = Object.values(personal).map((field) => fields[field]);
  return [...new Set(ids)].filter((id): id is string => typeof id === 'string' && id !== fields.userId);
};

/** The field whose earlier value this one holds: `previousName` → `name`. */
const previousOf = (name: string, fields: Readonly<Record<string, unknown>>): string | undefined => {
  const field = /^previous([A-Z])(.*)$/.exec(name);
  const updated = field && `${field[1]?.toLowerCase()}${field[2]}`;
  return updated && updated in fields ? updated : undefined;
};

const changesIn = (fields: Readonly<Record<string, unknown>>): Change[] =>
  Object.keys(fields).flatMap((name) => {
    const field = previousOf(name, fields);
    return field && fields[name] !== fields[field]
      ? [{ field, previous: fields[name], updated: fields[field] }]
      : [];
  });
