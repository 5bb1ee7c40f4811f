import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { EventMetadata, RecordedEvent } from '#kernel';
import type { NewEvent } from './port.ts';

/** Stands where personal data of an erased person stood. */
export const ERASED = '[erased]';

/** Bound to stream, event and field. */
const SEALED = 'sealed:1:';
/** The same, of several fields about one person: it stands in the first of them. */
const SEALED_TOGETHER = 'sealed:3:';
/** Stands in the others, before the name of the first. */
const SEALED_IN = 'sealed:in:';
/** Bound to command and field: what all events of a command say alike. */
const SEALED_FOR_COMMAND = 'sealed:2:';

export interface Personal {
  readonly part: 'data' | 'metadata';
  readonly field: string;
  readonly subject: string;
}

const fieldOf = (
  event: { data: object; metadata: object },
  { part, field }: Pick<Personal, 'part' | 'field'>,
): unknown => (event[part] as Record<string, unknown>)[field];

const SEALS = [SEALED, SEALED_FOR_COMMAND, SEALED_TOGETHER, SEALED_IN];

export const isSealed = (event: RecordedEvent, field: Personal): boolean => {
  const value = fieldOf(event, field);
  return typeof value === 'string' && SEALS.some((seal) => value.startsWith(seal));
};

const ofEvent = (stream: string, event: NewEvent, field: string): string => `${stream}/${event.id}/${field}`;
const ofCommand = ({ metadata }: NewEvent, field: string): string => `${metadata.commandId}/${field}`;

/** @param alike what the command has sealed already */
export const seal = (
  stream: string,
  event: NewEvent,
  personal: readonly Personal[],
  keys: ReadonlyMap<string, Buffer | null>,
  alike: Map<string, string>,
): NewEvent => {
  if (personal.length === 0) return event;
  const inData = Map.groupBy(
    personal.filter(({ part }) => part === 'data'),
    ({ subject }) => subject,
  );
  const data: Record<string, unknown> = { ...event.data };
  for (const [subject, theirs] of inData) {
    const fields = theirs.map(({ field }) => field);
    Object.assign(data, sealedFields(stream, event, fields, keys.get(subject)));
  }
  const metadata: Record<string, unknown> = { ...event.metadata };
  for (const { part, field, subject } of personal) {
    if (part === 'data') continue;
    const key = keys.get(subject);
    metadata[field] = key ? sealedOnce(alike, key, ofCommand(event, field), metadata[field]) : ERASED;
  }
  return { ...event, data, metadata: metadata as unknown as EventMetadata };
};

/** What an event says about one person: one piece of work, however many fields that are. */
const sealedFields = (
  stream: string,
  event: NewEvent,
  fields: readonly string[],
  key: Buffer | null | undefined,
): Record<string, string> => {
  if (!key) return Object.fromEntries(fields.map((field) => [field, ERASED]));
  const [first, ...others] = fields as [string, ...string[]];
  const boundTo = ofEvent(stream, event, first);
  const data = event.data as Record<string, unknown>;
  if (others.length === 0) return { [first]: SEALED + encrypt(key, boundTo, data[first]) };
  const values = Object.fromEntries(fields.map((field) => [field, data[field]]));
  const sealed = { [first]: SEALED_TOGETHER + encrypt(key, boundTo, values) };
  for (const field of others) sealed[field] = SEALED_IN + first;
  return sealed;
};

const sealedOnce = (alike: Map<string, string>, key: Buffer, boundTo: string, value: unknown): string => {
  const saying = `${boundTo}/${value}`;
  const text = alike.get(saying) ?? SEALED_FOR_COMMAND + encrypt(key, boundTo, value);
  alike.set(saying, text);
  return text;
};

export const unseal = (
  event: RecordedEvent,
  personal: readonly Personal[],
  keys: ReadonlyMap<string, Buffer | null>,
): RecordedEvent => {
  if (personal.length === 0) return event;
  const open = { data: { ...event.data }, metadata: { ...event.metadata } };
  const together = new Map<string, object>();
  try {
    for (const { part, field, subject } of personal) {
      const key = keys.get(subject);
      const target = open[part] as Record<string, unknown>;
      target[field] = key
        ? opened(key, event, fieldOf(event, { part, field }) as string, field, together)
        : ERASED;
    }
  } catch {
    return {
      ...event,
      unreadable: 'a personal field does not decrypt: it was changed, moved, or its key is another',
    };
  }
  return { ...event, ...open };
};

/** @param together what was opened of the event already, by the field that holds it */
const opened = (
  key: Buffer,
  event: RecordedEvent,
  text: string,
  field: string,
  together: Map<string, object>,
): unknown => {
  if (text.startsWith(SEALED)) return decrypt(key, ofEvent(event.stream, event, field), text);
  if (text.startsWith(SEALED_FOR_COMMAND)) return decrypt(key, ofCommand(event, field), text);
  const first = text.startsWith(SEALED_IN) ? text.slice(SEALED_IN.length) : field;
  const sealed = (event.data as Record<string, string>)[first] ?? '';
  const values = together.get(first) ?? (decrypt(key, ofEvent(event.stream, event, first), sealed) as object);
  together.set(first, values);
  if (!Object.hasOwn(values, field)) throw new Error(`${field} is not sealed in ${first}`);
  return (values as Record<string, unknown>)[field];
};

/** Random bytes are taken from the system a few hundred nonces at a time. */
let nonces = Buffer.alloc(0);
const nextNonce = (): Buffer => {
  if (nonces.length < 12) nonces = randomBytes(12 * 341);
  const nonce = nonces.subarray(0, 12);
  nonces = nonces.subarray(12);
  return nonce;
};

const encrypt = (key: Buffer, boundTo: string, value: unknown): string => {
  const nonce = nextNonce();
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(boundTo));
  const sealed = Buffer.concat([
    nonce,
    cipher.update(JSON.stringify(value), 'utf8'),
    cipher.final(),
    cipher.getAuthTag(),
  ]);
  return sealed.toString('base64url');
};

const decrypt = (key: Buffer, boundTo: string, text: string): unknown => {
  const sealed = Buffer.from(text.slice(SEALED.length), 'base64url');
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12), { authTagLength: 16 })
    .setAAD(Buffer.from(boundTo))
    .setAuthTag(sealed.subarray(-16));
  return JSON.parse(
    Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]).toString('utf8'),
  );
};
