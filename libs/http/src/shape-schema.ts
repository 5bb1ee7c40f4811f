import type { AnswerSchema } from './answer-schema.ts';
import type { FieldSchema } from './fields.ts';
import type { Check, Field, Shape } from './shape.ts';

export type JsonSchema = Record<string, unknown>;

/** class-validator's own rules, as far as this product uses them. */
const known: Readonly<Record<string, (constraints: readonly unknown[]) => JsonSchema>> = {
  is_boolean: () => ({ type: 'boolean' }),
  is_int: () => ({ type: 'integer' }),
  is_number: () => ({ type: 'number' }),
  is_string: () => ({ type: 'string' }),
  is_array: () => ({ type: 'array' }),
  is_object: () => ({ type: 'object' }),
  is_in: ([values]) => ({ enum: values }),
  min: ([minimum]) => ({ minimum }),
  max: ([maximum]) => ({ maximum }),
  min_length: ([minLength]) => ({ minLength }),
  max_length: ([maxLength]) => ({ maxLength }),
  array_min_size: ([minItems]) => ({ minItems }),
  array_max_size: ([maxItems]) => ({ maxItems }),
};

const ofCheck = ({ code, constraints }: Check): JsonSchema =>
  (constraints[0] as FieldSchema | undefined)?.schema ?? known[code]?.(constraints) ?? {};

/** The schemas of classes by name, as `components.schemas`; a class adds itself and what it holds. */
export class SchemaCollection {
  readonly schemas: Record<string, JsonSchema>;
  readonly #taken = new Map<string, Shape<object>>();

  constructor(schemas: Record<string, JsonSchema>) {
    this.schemas = schemas;
  }

  /** A reference to the shape's schema. @throws Error when another class has the same name. */
  refer(shape: Shape<object>): JsonSchema {
    const { name } = shape.type;
    const taken = this.#taken.get(name);
    if (taken === undefined) {
      if (this.schemas[name]) throw new Error(`${name} is a schema already`);
      this.#taken.set(name, shape);
      this.schemas[name] = this.#objectSchema(shape);
    } else if (taken !== shape) throw new Error(`two request classes are called ${name}`);
    return { $ref: `#/components/schemas/${name}` };
  }

  /** An answer's schema, whose named parts are added. @throws Error when something else has such a name. */
  answer({ schema, named }: AnswerSchema): JsonSchema {
    for (const [name, part] of Object.entries(named)) {
      if (this.#taken.has(name) || (this.schemas[name] ?? part) !== part)
        throw new Error(`${name} is a schema already`);
      this.schemas[name] = part;
    }
    return schema;
  }

  field({ checks, nested, type }: Field): JsonSchema {
    const items = nested && this.refer(nested());
    const whole = Object.assign({}, ...checks.filter(({ each }) => !each).map(ofCheck)) as JsonSchema;
    const each = Object.assign({}, ...checks.filter((check) => check.each).map(ofCheck)) as JsonSchema;
    if (items && type !== Array) return items;
    if (items) return { ...whole, type: 'array', items };
    return Object.keys(each).length > 0 ? { ...whole, type: 'array', items: each } : whole;
  }

  #objectSchema({ fields }: Shape<object>): JsonSchema {
    const all = [...fields.values()];
    const required = all.filter(isRequired).map(({ name }) => name);
    return {
      type: 'object',
      properties: Object.fromEntries(all.map((field) => [field.name, this.field(field)])),
      ...(required.length > 0 && { required }),
      additionalProperties: false,
    };
  }
}

export const isRequired = ({ optional, conditions }: Field): boolean => !optional && conditions.length === 0;
