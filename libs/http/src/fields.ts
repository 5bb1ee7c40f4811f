import 'reflect-metadata';
import { ValidateBy, type ValidationArguments, type ValidationOptions } from 'class-validator';
import { isTime, isTimeOrPosition, positionPattern } from './time-or-position.ts';

/** What OpenAPI says about a field; travels as the decorator's first constraint. */
export interface FieldSchema {
  readonly schema: Readonly<Record<string, unknown>>;
}

interface EachOption {
  /** The field is a list and the rule is for every item. */
  readonly each?: boolean;
}

const field = (
  code: string,
  schema: FieldSchema['schema'],
  test: (value: unknown) => boolean,
  message: string | ((value: unknown) => string),
  options?: ValidationOptions,
): PropertyDecorator =>
  ValidateBy(
    {
      name: code,
      constraints: [{ schema } satisfies FieldSchema],
      validator: {
        validate: test,
        defaultMessage: (given?: ValidationArguments) =>
          typeof message === 'string' ? message : message(given?.value),
      },
    },
    options,
  );

const control = '\\u0000-\\u001F\\u007F-\\u009F';
const printable = `^[^${control}]*$`;
const notBlank = `^[^${control}]*[^\\s${control}][^${control}]*$`;

const codePoints = (value: string): number => {
  let count = 0;
  for (const _ of value) count++;
  return count;
};

/**
 * One line of well-formed Unicode with `min` to `max` code points, no control characters, not blank unless `min`
 * is 0. Kept exactly as sent: nothing is trimmed or normalized here.
 */
export const Text = ({ min = 1, max, each }: { min?: number; max: number } & EachOption): PropertyDecorator =>
  field(
    'text_invalid',
    { type: 'string', minLength: min, maxLength: max, pattern: min === 0 ? printable : notBlank },
    (value) =>
      typeof value === 'string' &&
      value.length <= 2 * max &&
      value.isWellFormed() &&
      !/\p{Cc}/u.test(value) &&
      (min === 0 || value.trim() !== '') &&
      inRange(codePoints(value), min, max),
    (value) =>
      typeof value === 'string' && inRange(value.length, min, max)
        ? 'must be well-formed text, not blank and without control characters'
        : `must be text of ${min} to ${max} characters`,
    { each },
  );

const inRange = (value: number, min: number, max: number): boolean => value >= min && value <= max;

/** The rough shape only, at most 254 characters; the mail rules decide the rest. */
export const EmailAddress = (): PropertyDecorator =>
  field(
    'email_invalid',
    { type: 'string', maxLength: 254, pattern: '^[^\\s@]{1,64}@[^\\s@]{1,253}$' },
    (value) =>
      typeof value === 'string' &&
      value.length <= 254 &&
      value.isWellFormed() &&
      /^[^\s@\p{Cc}]{1,64}@[^\s@\p{Cc}]{1,253}$/u.test(value),
    'must be an e-mail address',
  );

/** E.164: a plus sign and 7 to 15 digits. */
export const TelephoneNumber = (): PropertyDecorator =>
  field(
    'number_invalid',
    { type: 'string', pattern: '^\\+[1-9]\\d{6,14}$' },
    (value) => typeof value === 'string' && /^\+[1-9]\d{6,14}$/.test(value),
    'must be a telephone number with its country code, such as +4930123456',
  );

export const idPattern = (prefix: string): RegExp => new RegExp(`^${prefix}_[0-9a-f]{32}$`);

/** `prefix_` and 32 hexadecimal digits. */
export const IsId = (prefix: string, { each }: EachOption = {}): PropertyDecorator => {
  const pattern = idPattern(prefix);
  return field(
    'id_invalid',
    { type: 'string', pattern: pattern.source },
    (value) => typeof value === 'string' && pattern.test(value),
    `must be an id that starts with ${prefix}_`,
    { each },
  );
};

export const OneOf = (values: readonly string[], { each }: EachOption = {}): PropertyDecorator =>
  field(
    'choice_invalid',
    { type: 'string', enum: values },
    (value) => typeof value === 'string' && values.includes(value),
    `must be one of: ${values.join(', ')}`,
    { each },
  );

/** `sort=field` ascending, `sort=-field` descending. */
export const SortBy = (...fields: readonly string[]): PropertyDecorator =>
  OneOf(fields.flatMap((name) => [name, `-${name}`]));

export const IsoTime = (): PropertyDecorator =>
  field(
    'time_invalid',
    { type: 'string', format: 'date-time' },
    isTime,
    'must be an ISO 8601 time with a zone',
  );

export const IsoTimeOrPosition = (): PropertyDecorator =>
  field(
    'time_or_position_invalid',
    { type: 'string' },
    isTimeOrPosition,
    'must be an ISO 8601 time or a position',
  );

export const Position = (): PropertyDecorator =>
  field(
    'position_invalid',
    { type: 'string' },
    (value) => typeof value === 'string' && positionPattern.test(value),
    'must be a position that an answer gave',
  );

/** A list of at most `max` different items; the items' own rule stands beside it with `each`. */
export const ListOf = ({ min = 0, max }: { min?: number; max: number }): PropertyDecorator =>
  field(
    'list_invalid',
    { type: 'array', minItems: min, maxItems: max },
    (value) =>
      Array.isArray(value) && inRange(value.length, min, max) && new Set(value).size === value.length,
    `must be a list of ${min} to ${max} different items`,
  );

/** A whole number from 1 to `max`, or null for none. */
export const CountOrNull = ({ max }: { max: number }): PropertyDecorator =>
  field(
    'count_invalid',
    { type: ['integer', 'null'], minimum: 1, maximum: max },
    (value) => value === null || (Number.isInteger(value) && inRange(value as number, 1, max)),
    `must be a whole number from 1 to ${max}, or null`,
  );

/** An object from ids to ids, e.g. `{ "acc_…": "usr_…" }`, with at most 1,000 entries. */
export const IdMap = (keys: string, values: string): PropertyDecorator => {
  const [key, value] = [idPattern(keys), idPattern(values)];
  return field(
    'id_map_invalid',
    {
      type: 'object',
      propertyNames: { pattern: key.source },
      additionalProperties: { type: 'string', pattern: value.source },
      maxProperties: 1_000,
    },
    (map) => {
      if (typeof map !== 'object' || map === null || Array.isArray(map)) return false;
      const entries = Object.entries(map);
      return (
        entries.length <= 1_000 &&
        entries.every(([from, to]) => key.test(from) && typeof to === 'string' && value.test(to))
      );
    },
    `must be an object from ${keys}_ ids to ${values}_ ids`,
  );
};
