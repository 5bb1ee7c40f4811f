import { id, object, oneOf, orNull, pageOf, receiptWith, text, time } from '#http';

const role = oneOf('administrator', 'auditor', 'standard_user');

export const apiKeys = pageOf(
  object({
    apiKeyId: id('key'),
    name: text,
    role,
    createdBy: object({ type: text, id: text }),
    createdAt: time,
    expiresAt: orNull(time),
    lastUsedAt: orNull(time),
  }),
);

/** The secret is shown here and nowhere else. */
export const createdApiKey = receiptWith({
  apiKeyId: id('key'),
  name: text,
  role,
  secret: text,
  expiresAt: orNull(time),
});

export const revokedApiKey = receiptWith({ apiKeyId: id('key') });
