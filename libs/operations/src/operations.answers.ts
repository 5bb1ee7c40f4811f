import { anything, byKey, count, flag, list, maybe, object, oneOf, text, whole } from '#http';

export const alive = object({ status: oneOf('live') });

export const readiness = object({
  ready: flag,
  dependencies: byKey(object({ ok: flag, detail: maybe(text) })),
  projections: list(object({ name: text, position: text, lag: count, building: flag, quarantined: count })),
  parkedCommands: count,
});

export const projectionsHealth = object({
  items: list(
    object({
      name: text,
      version: whole,
      position: text,
      behind: flag,
      building: flag,
      quarantined: list(anything),
    }),
  ),
});

export const rebuiltProjection = object({ name: text, rebuilt: oneOf(true) });

export const parkedCommands = object({ items: list(byKey(anything)) });

export const retried = object({ id: text, done: oneOf(true) });
