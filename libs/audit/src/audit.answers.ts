import { called, object, pageOf, toldEvent } from '#http';

export const auditEvent = called('AuditEvent', object(toldEvent));

export const auditEvents = pageOf(auditEvent);
