import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { Json } from './caller.ts';

interface Described {
  readonly method: string;
  readonly pattern: RegExp;
  /** By class (`2XX`) or exact status. */
  readonly responses: Readonly<Record<string, Json>>;
}

export interface Given {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly contentType: string;
  /** Undefined when the answer is not JSON. */
  readonly body: Json;
}

const base = 'https://orgledger.example/openapi.json';

/** What `/openapi.json` says of answers, so that every answer can be held against it. */
export class Description {
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true });
  readonly #operations: readonly Described[];
  readonly #validators = new Map<Json, ValidateFunction>();

  constructor(document: Json) {
    this.#ajv.addSchema({ $id: base, components: document.components });
    this.#operations = Object.entries<Record<string, Json>>(document.paths)
      .map(([path, operations]) => ({
        pattern: new RegExp(
          `^${path.replaceAll(/[.*+?^$()|[\]\\]/g, '\\$&').replaceAll(/\{\w+\}/g, '[^/]+')}$`,
        ),
        parameters: path.split('{').length,
        operations,
      }))
      .sort((one, other) => one.parameters - other.parameters)
      .flatMap(({ pattern, operations }) =>
        Object.entries(operations).map(([verb, { responses }]) => ({
          method: verb.toUpperCase(),
          pattern,
          responses,
        })),
      );
  }

  /** What of an answer is not as it is described; empty when all is well, or nothing is known of such a path. */
  faultsOf({ method, path, status, contentType, body }: Given): readonly string[] {
    const [place = ''] = path.split('?');
    const described = this.#operations.find((one) => one.method === method && one.pattern.test(place));
    if (!described) return [];
    const response = described.responses[status] ?? described.responses[`${Math.floor(status / 100)}XX`];
    if (!response) return [`${status} is not described`];
    const [type = ''] = contentType.split(';');
    const media = response.content?.[type];
    if (!media)
      return response.content || body !== undefined ? [`${type || 'no body'} is not described`] : [];
    if (!type.endsWith('json')) return [];
    const validate = this.#validatorOf(media.schema);
    return validate(body)
      ? []
      : (validate.errors ?? []).map(
          ({ instancePath, message, params }) =>
            `${instancePath || '/'} ${message} ${JSON.stringify(params)}`,
        );
  }

  #validatorOf(schema: Json): ValidateFunction {
    const known = this.#validators.get(schema);
    if (known) return known;
    const validate = this.#ajv.compile(absolute(schema));
    this.#validators.set(schema, validate);
    return validate;
  }
}

/** References of a part, as seen from outside the document. */
const absolute = (schema: Json): Json =>
  JSON.parse(JSON.stringify(schema, (key, value) => (key === '$ref' ? base + value : value)));
