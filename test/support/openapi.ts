import type { Json } from './caller.ts';

/** One operation of `/openapi.json`. */
export interface Operation {
  readonly method: string;
  /** With parameters in braces. */
  readonly path: string;
  /** `METHOD /path`, as the table of permissions has it. */
  readonly row: string;
  readonly pathParameters: readonly string[];
  readonly query: readonly Parameter[];
  /** Of a JSON body. */
  readonly body: Json;
  /** The media type of any other body. */
  readonly consumes: string | undefined;
}

export interface Parameter {
  readonly name: string;
  readonly required: boolean;
  readonly schema: Json;
}

export const operationsOf = (document: Json): Operation[] =>
  Object.entries<Record<string, Json>>(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([verb, operation]) => {
      const method = verb.toUpperCase();
      const content: Record<string, Json> = operation.requestBody?.content ?? {};
      return {
        method,
        path,
        row: `${method} ${path}`,
        pathParameters: [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? ''),
        query: operation.parameters.filter((parameter: Json) => parameter.in === 'query'),
        body: content['application/json']?.schema,
        consumes: Object.keys(content).find((type) => type !== 'application/json'),
      };
    }),
  );

export const resolved = (schema: Json, document: Json): Json =>
  schema?.$ref ? document.components.schemas[schema.$ref.split('/').at(-1)] : schema;

/** What a field is when its name says more than its schema. */
const byName: Readonly<Record<string, unknown>> = {
  password: 'a long quiet river 9',
  currentPassword: 'a long quiet river 9',
  newPassword: 'a long quiet river 9',
  email: 'somebody@nowhere.example',
  candidateOwnerEmail: 'somebody@nowhere.example',
  domain: 'never-added.example',
  code: '000000',
};

const idPattern = /^\^(\w+)_\[0-9a-f\]\{32\}\$$/;

/** The prefix of the ids that a schema asks for. */
export const idPrefixOf = (schema: Json): string | undefined => idPattern.exec(schema?.pattern ?? '')?.[1];

/** A value that the schema takes: required fields only, unless told otherwise. */
export const sampleOf = (
  given: Json,
  document: Json,
  { name = '', optional = false, ids = {} }: SampleOptions = {},
): Json => {
  const schema = resolved(given, document);
  if (schema.type === 'object' || schema.properties) {
    const required: string[] = schema.required ?? [];
    const fields = Object.entries<Json>(schema.properties ?? {});
    return Object.fromEntries(
      fields
        .filter(([field]) => optional || required.includes(field))
        .map(([field, value]) => [field, sampleOf(value, document, { name: field, optional, ids })]),
    );
  }
  if (schema.enum) return schema.enum[0];
  if (schema.type === 'array')
    return Array.from({ length: Math.max(schema.minItems ?? 0, optional ? 1 : 0) }, () =>
      sampleOf(schema.items ?? {}, document, { name, optional, ids }),
    );
  if (schema.type === 'boolean') return false;
  if (schema.type === 'integer' || schema.type === 'number') return schema.minimum ?? 1;
  const prefix = idPrefixOf(schema);
  if (prefix) return ids[prefix] ?? `${prefix}_${'0'.repeat(32)}`;
  if (name in byName) return byName[name];
  if (schema.format === 'date-time') return '2030-01-01T00:00:00.000Z';
  return 'x'.repeat(Math.max(1, schema.minLength ?? 1));
};

export interface SampleOptions {
  readonly name?: string;
  /** Also the fields that may be left out. */
  readonly optional?: boolean;
  /** By prefix, for fields that take an id. */
  readonly ids?: Readonly<Record<string, string>>;
}
