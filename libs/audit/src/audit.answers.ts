import {
  anything,
  byKey,
  called,
  id,
  list,
  object,
  oneOf,
  orNull,
  pageOf,
  position,
  text,
  time,
  uuid,
} from '#http';

const fields = {
  id: uuid,
  position,
  type: text,
  occurredAt: time,
  actor: object({ type: oneOf('user', 'api_key', 'system', 'operator'), id: text }),
  source: oneOf('api', 'web', 'system'),
  sourceIp: orNull(text),
  organizationId: orNull(id('org')),
  resource: object({ type: text, id: text }),
  summary: text,
  data: byKey(anything),
  changes: list(object({ field: text, previous: anything, updated: anything })),
  correlationId: uuid,
  causationId: orNull(uuid),
};

export const auditEvent = called('AuditEvent', object(fields));

export const auditEvents = pageOf(auditEvent);

/** An event, what caused it, what caused that. */
export const auditChain = list(object({ ...fields, commandId: uuid }));
