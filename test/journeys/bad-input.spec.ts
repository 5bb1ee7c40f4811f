import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Caller, Json, Reply } from '../support/caller.ts';
import { backends, type Person, Product, password } from '../support/product.ts';

interface Route {
  readonly method: string;
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>> | undefined;
  /** What the document says of each field. */
  readonly fields: Readonly<Record<string, Json>>;
}

/** What a body field is, when it is right and the document alone does not tell. */
const right: Readonly<Record<string, unknown>> = {
  password,
  currentPassword: password,
  newPassword: password,
  givenName: 'Anna',
  familyName: 'Berg',
  domain: 'never-added.example',
  role: 'standard_user',
};

const typesOf = ({ type, anyOf = [] }: Json): string[] =>
  type === undefined ? anyOf.flatMap(typesOf) : [type].flat();

describe.each(backends)('bad input on $name', (backend) => {
  let product: Product;
  let anna: Person;
  let routes: Route[];
  let document: Json;

  beforeAll(async () => {
    product = await Product.start(backend);
    anna = await product.signUp(`anna@${product.domain('corporate')}`);
    await product.verifiedDomain(anna, product.domain('corporate'));
    const invited = await product.invite(anna, `bob@${product.domain('corporate')}`);
    const [added] = (await anna.call.get(anna.path('/domains'))).items;
    const ids: Record<string, string> = {
      ...anna,
      domainId: added.domainId,
      invitationId: invited.invitationId,
      name: 'users',
      id: 'none',
    } as unknown as Record<string, string>;
    document = await product.nobody.get('/openapi.json');
    routes = Object.entries(document.paths as Record<string, Record<string, Json>>).flatMap(
      ([template, operations]) =>
        Object.entries(operations)
          .filter(([, { requestBody }]) => takesJson(requestBody))
          .map(([method, operation]) => {
            const fields = fieldsOf(operation);
            return {
              method: method.toUpperCase(),
              path: template.replace(/\{(\w+)\}/g, (_, name) => ids[name] ?? 'none'),
              fields: fields ?? {},
              body:
                fields &&
                Object.fromEntries(
                  Object.entries(fields).map(([name, schema]) => [name, sample(name, schema)]),
                ),
            };
          }),
    );
    await product.quiet(anna);
  });
  afterAll(() => product.stop());

  const takesJson = (requestBody: Json): boolean =>
    requestBody === undefined || requestBody.content['application/json'] !== undefined;
  const found = (schema: Json): Json =>
    schema.$ref ? document.components.schemas[schema.$ref.split('/').at(-1)] : schema;
  const fieldsOf = (operation: Json): Route['fields'] | undefined => {
    const schema = operation.requestBody?.content?.['application/json']?.schema;
    return schema && (found(schema).properties ?? {});
  };
  const sample = (name: string, schema: Json): unknown => {
    if (name === 'email' || name.endsWith('Email')) return `never@${product.domain('corporate')}`;
    if (right[name] !== undefined) return right[name];
    const { enum: choices, pattern = '', items, minItems = 0, properties, anyOf } = found(schema);
    if (anyOf) return sample(name, anyOf[0]);
    if (choices) return choices[0];
    const prefix = /^\^(\w+)_\[0-9a-f\]/.exec(pattern)?.[1];
    if (prefix) return `${prefix}_${'0'.repeat(32)}`;
    const [type] = typesOf(found(schema));
    if (type === 'array') return Array.from({ length: minItems }, () => sample(name, items));
    if (type === 'object')
      return Object.fromEntries(
        Object.entries(properties ?? {}).map(([field, of]) => [field, sample(field, of)]),
      );
    return { boolean: false, integer: 1, number: 1 }[type ?? ''] ?? 'x';
  };
  /** Of all wrong values those that this field cannot take. */
  const wrongFor = (schema: Json): readonly unknown[] => {
    const types = typesOf(found(schema));
    const takes = (...names: string[]) => names.some((name) => types.includes(name));
    return [7, true, {}, { $ne: null }, { $gt: '' }, [[]], [{ $where: '1' }]].filter(
      (wrong) =>
        !(wrong === 7 && takes('integer', 'number')) &&
        !(wrong === true && takes('boolean')) &&
        !(JSON.stringify(wrong) === '{}' && takes('object')),
    );
  };
  const caller = (path: string): Caller => (path.startsWith('/v1/operations') ? product.operator : anna.call);
  const unsafe = () => routes.filter(({ method }) => ['POST', 'PUT', 'PATCH'].includes(method));
  const withBody = () => unsafe().flatMap((route) => (route.body ? [{ ...route, body: route.body }] : []));

  /** Sends each, expects a coded 4xx of the kinds given, and an unchanged log. */
  const refusedAll = async (
    sendings: readonly {
      route: Route;
      raw: string | Buffer;
      field?: string;
      headers?: Record<string, string>;
    }[],
    codes: readonly string[],
  ): Promise<void> => {
    expect(sendings.length).toBeGreaterThan(0);
    const before = await product.head();
    for (const { route, raw, field, headers } of sendings) {
      const reply: Reply = await caller(route.path).send(route.method, route.path, { raw, headers });
      const { code, errors } = reply.body ?? {};
      const told = [route.method, route.path, String(raw).slice(0, 80), code];
      expect([...told, reply.status >= 400 && reply.status < 500]).toEqual([...told, true]);
      expect([...told, codes.includes(code)]).toEqual([...told, true]);
      if (field && code === 'validation_failed')
        expect([...told, errors.some((error: Json) => `${error.field}.`.startsWith(`${field}.`))]).toEqual([
          ...told,
          true,
        ]);
    }
    expect(await product.head()).toBe(before);
  };

  it('finds every route that changes something', () => {
    expect(unsafe().length).toBeGreaterThan(15);
    expect(withBody().length).toBeGreaterThan(8);
    for (const { path, body } of withBody())
      for (const [name, value] of Object.entries(body))
        expect([path, name, value]).not.toEqual([path, name, undefined]);
  });

  it('an unknown field is named, on every route, with a body or without', () =>
    refusedAll(
      unsafe().map((route) => ({
        route,
        raw: JSON.stringify({ ...route.body, admin: true }),
        field: 'admin',
      })),
      ['validation_failed'],
    ));

  it('a wrong type is named, for every field of every body', () =>
    refusedAll(
      withBody().flatMap((route) =>
        Object.entries(route.fields).flatMap(([field, schema]) =>
          wrongFor(schema).map((wrong) => ({
            route,
            raw: JSON.stringify({ ...route.body, [field]: wrong }),
            field,
          })),
        ),
      ),
      ['validation_failed'],
    ));

  it('NUL and lone surrogates are refused in every text', () =>
    refusedAll(
      withBody().flatMap((route) =>
        Object.entries(route.body).flatMap(([field, value]) =>
          typeof value !== 'string'
            ? []
            : ['\\u0000', '\\ud800', 'a\\udc00b', 'a\\u0000b'].map((text) => ({
                route,
                raw: JSON.stringify({ ...route.body, [field]: '@@' }).replace('"@@"', `"${text}"`),
                field,
              })),
        ),
      ),
      ['validation_failed', 'invalid_unicode'],
    ));

  it('what is no JSON object is refused everywhere', () =>
    refusedAll(
      unsafe().flatMap((route) =>
        [
          '{',
          '{"a":',
          'nonsense',
          '"text"',
          '7',
          'null',
          '[]',
          '[{}]',
          '{"a":1,}',
          "{'a':1}",
          '{"a":NaN}',
        ].map((raw) => ({ route, raw })),
      ),
      ['malformed_json', 'validation_failed'],
    ));

  it('keys given twice, __proto__, constructor and prototype are refused everywhere', () =>
    refusedAll(
      unsafe().flatMap((route) => {
        const fields = JSON.stringify(route.body ?? {}).slice(1, -1);
        const also = fields && `,${fields}`;
        return [
          '{"x":1,"x":2}',
          `{"__proto__":{"admin":true}${also}}`,
          `{"constructor":{"prototype":{}}${also}}`,
        ].map((raw) => ({ route, raw }));
      }),
      ['duplicate_key', 'forbidden_key', 'validation_failed'],
    ));

  it('a thousand levels, a megabyte, other media types and other encodings are refused everywhere', async () => {
    const deep = `${'{"a":'.repeat(1_000)}1${'}'.repeat(1_000)}`;
    const list = `${'['.repeat(1_000)}${']'.repeat(1_000)}`;
    const large = `{"a":"${'x'.repeat(1_048_576)}"}`;
    const bytes = Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]);
    await refusedAll(
      unsafe().flatMap((route) => [deep, list].map((raw) => ({ route, raw }))),
      ['too_deep'],
    );
    await refusedAll(
      unsafe().map((route) => ({ route, raw: large })),
      ['body_too_large'],
    );
    await refusedAll(
      unsafe().map((route) => ({ route, raw: bytes })),
      ['malformed_json', 'invalid_unicode'],
    );
    await refusedAll(
      unsafe().map((route) => ({
        route,
        raw: 'a=1',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      })),
      ['unsupported_media_type'],
    );
  });

  it('unknown, repeated and structured query parameters are refused on every read', async () => {
    const reads = routes.filter(
      ({ method, path }) => method === 'GET' && path.startsWith('/v1/organizations'),
    );
    expect(reads.length).toBeGreaterThan(8);
    for (const { path } of reads)
      for (const query of [
        'unknown=1',
        'asOf[$gt]=1',
        'minPosition=1&minPosition=2',
        'asOf=%00',
        '__proto__=1',
        'constructor=1',
      ]) {
        const { errors } = await anna.call.refused(400, 'validation_failed', 'GET', `${path}?${query}`);
        expect(query).toContain(errors[0].field.replace(/\[.*/, ''));
      }
  });

  it('hostile text in a query finds nothing and breaks nothing', async () => {
    for (const text of [
      '.*',
      '^a',
      '$where',
      "' OR 1=1 --",
      '%',
      '_',
      '\\',
      '%25',
      '(((((',
      '[a-z]',
      'ä'.repeat(50),
      '"',
      '*',
    ]) {
      const search = encodeURIComponent(text);
      for (const list of ['users', 'accounts', 'domains', 'invitations'])
        expect((await anna.call.get(anna.path(`/${list}?search=${search}`))).items).toEqual([]);
      const byType = await anna.call.get(anna.path(`/audit-events?type=${search}&actorId=${search}`));
      expect(byType.total).toBe(0);
    }
    for (const path of [
      '/v1/me%00',
      '/v1/%ff',
      '/v1/organizations/%2e%2e%2f',
      `/v1/organizations/${'x'.repeat(500)}`,
      `/v1/organizations/org_${'0'.repeat(31)}g`,
    ]) {
      const reply = await anna.call.send('GET', path);
      expect([path, reply.status >= 400 && reply.status < 500, typeof reply.body?.code]).toEqual([
        path,
        true,
        'string',
      ]);
    }
  });

  it('text that only looks dangerous is kept exactly as it was sent', async () => {
    for (const name of [
      '<script>alert(1)</script>',
      "Robert'); DROP TABLE users;--",
      '{{7*7}}',
      '$ne',
      '👩‍👩‍👧‍👦 GmbH',
      'e\u0301 ≠ é',
      '\u202eright to left',
    ]) {
      const { position } = await anna.call.patch(anna.path(), { name });
      expect((await anna.call.get(anna.path(`?minPosition=${position}`))).name).toBe(name);
    }
  });
});
