import { list, maybe, object, oneOf, text, time } from '#http';

export const mails = object({
  items: list(
    object({ kind: text, to: text, subject: text, text, html: text, links: list(text), sentAt: time }),
  ),
});

export const textMessages = object({ items: list(object({ to: text, text, sentAt: time })) });

export const zoneRecord = object({
  name: text,
  values: maybe(list(text)),
  fault: maybe(oneOf('servfail', 'timeout')),
});

export const zoneHost = object({
  host: text,
  path: maybe(text),
  content: maybe(text),
  fault: maybe(oneOf('tls', 'timeout', 'error_500')),
});

export const clockTime = object({ now: time });
