import { count, object, pageOf, text, time, uuid } from '#http';

export const upcoming = pageOf(
  object({
    id: text,
    kind: text,
    dueAt: time,
    subject: object({ type: text, id: text, name: text }),
    affects: object({ users: count }),
    because: object({ id: uuid, type: text, occurredAt: time }),
  }),
);
