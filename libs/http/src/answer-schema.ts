import type { JsonSchema } from './shape-schema.ts';

/** What an answer, or a part of one, looks like: for the description of the API, and for the compiler. */
export interface AnswerSchema<T = unknown> {
  readonly schema: JsonSchema;
  /** The named schemas that it refers to. */
  readonly named: Readonly<Record<string, JsonSchema>>;
  readonly example?: T;
}

/** The values that a schema describes: whoever builds an answer is held to it. */
export type Answered<S> = S extends AnswerSchema<infer T> ? T : never;

interface Optional<T> extends AnswerSchema<T> {
  readonly optional: true;
}

type Fields = Readonly<Record<string, AnswerSchema>>;
type Always<F> = { readonly [K in keyof F as F[K] extends Optional<unknown> ? never : K]: Answered<F[K]> };
type Sometimes<F> = {
  readonly [K in keyof F as F[K] extends Optional<unknown> ? K : never]?: Answered<F[K]>;
};

const plain = <T>(schema: JsonSchema): AnswerSchema<T> => ({ schema, named: {} });
const over = <T>(schema: JsonSchema, ...parts: readonly AnswerSchema[]): AnswerSchema<T> => ({
  schema,
  named: Object.assign({}, ...parts.map(({ named }) => named)),
});

export const text = plain<string>({ type: 'string' });
export const whole = plain<number>({ type: 'integer' });
export const count = plain<number>({ type: 'integer', minimum: 0 });
export const flag = plain<boolean>({ type: 'boolean' });
export const anything = plain<unknown>({});
/** ISO 8601 in UTC, with milliseconds. */
export const time = plain<string>({
  type: 'string',
  pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$',
});
/** Opaque; compared for equality and handed back. */
export const position = plain<string>({ type: 'string', pattern: '^\\d{1,16}$' });
export const uuid = plain<string>({ type: 'string', pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' });
/** An id with one of these prefixes. */
export const id = (...prefixes: readonly string[]) =>
  plain<string>({ type: 'string', pattern: `^(?:${prefixes.join('|')})_[0-9a-f]{32}$` });
export const oneOf = <const T extends string | boolean>(...values: readonly T[]) =>
  plain<T>(values.length === 1 ? { const: values[0] } : { enum: values });
export const nothing = plain<null>({ type: 'null' });
export const orNull = <T>(one: AnswerSchema<T>) =>
  over<T | null>({ anyOf: [one.schema, { type: 'null' }] }, one);
export const list = <T>(item: AnswerSchema<T>) =>
  over<readonly T[]>({ type: 'array', items: item.schema }, item);
export const byKey = <T>(value: AnswerSchema<T>) =>
  over<Readonly<Record<string, T>>>({ type: 'object', additionalProperties: value.schema }, value);
/** A field that is not there in every answer. */
export const maybe = <T>(one: AnswerSchema<T>): Optional<T> => ({ ...one, optional: true });
export const either = <T, U>(one: AnswerSchema<T>, other: AnswerSchema<U>) =>
  over<T | U>({ anyOf: [one.schema, other.schema] }, one, other);

/** These fields and no others. */
export const object = <const F extends Fields>(fields: F): AnswerSchema<Always<F> & Sometimes<F>> => {
  const required = Object.keys(fields).filter((name) => !('optional' in (fields[name] as AnswerSchema)));
  return over(
    {
      type: 'object',
      properties: Object.fromEntries(Object.entries(fields).map(([name, { schema }]) => [name, schema])),
      required,
      additionalProperties: false,
    },
    ...Object.values(fields),
  );
};

/** A schema that the description shows by its name. */
export const called = <T>(name: string, one: AnswerSchema<T>): AnswerSchema<T> => ({
  schema: { $ref: `#/components/schemas/${name}` },
  named: { ...one.named, [name]: one.schema },
});

/** A page of a list (api.md, "Conventions"). */
export const pageOf = <T>(item: AnswerSchema<T>) =>
  object({
    items: list(item),
    total: count,
    totalIsLowerBound: maybe(oneOf(true)),
    nextCursor: orNull(text),
    position,
    asOf: time,
  });

const written = {
  id: text,
  stream: text,
  revision: plain<number>({ type: 'integer', minimum: -1 }),
  position,
  events: list(object({ id: uuid, type: text })),
  effects: maybe(oneOf('pending')),
};

/** What a command answers, with the fields of its own. */
export const receiptWith = <const F extends Fields>(fields: F) => object({ ...written, ...fields });
export const receipt = receiptWith({});

const resource = object({ type: text, id: text });
const foreseen = {
  dryRun: oneOf(true),
  events: list(object({ type: text, stream: text, data: maybe(byKey(anything)) })),
  effects: list(object({ command: text, resource })),
};

/** What a dry run answers. */
export const dryRunWith = <const F extends Fields>(fields: F) => object({ ...foreseen, ...fields });
export const dryRun = called('DryRun', dryRunWith({}));

/** An event as histories show it. */
export const toldEvent = {
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
