import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { malformed, odd } from '../../libs/http/test/odd-documents.ts';
import type { Json, Reply, Sending } from '../support/caller.ts';
import { type Operation, operationsOf, resolved, sampleOf } from '../support/openapi.ts';
import { backends, type Person, Product } from '../support/product.ts';
import { naughty } from './strings.ts';

const LONG = process.env.ORGLEDGER_LONG === '1';
const FIELDS = LONG ? Number.POSITIVE_INFINITY : 10;
const DOCUMENT_ENDPOINTS = LONG ? Number.POSITIVE_INFINITY : 3;
const FUZZED = LONG ? 300 : 6;

const [embedded] = backends as [(typeof backends)[number]];
let product: Product;
let anna: Person;
let bob: Person;
let document: Json;
let operations: readonly Operation[];
let ids: Record<string, string>;
let prototypes: string;

/** Everything that a careless merge could have added to. */
const shared = (): string =>
  JSON.stringify(
    [Object, Array, String, Function, Number, Boolean, Map, Set, Promise].map(({ name, prototype }) => [
      name,
      Reflect.ownKeys(prototype).map(String),
    ]),
  );

beforeAll(async () => {
  product = await Product.start(embedded);
  const domain = product.domain('hostile');
  anna = await product.signUp(`anna@${domain}`);
  const { domainId } = await product.verifiedDomain(anna, domain);
  bob = await product.join(anna, `bob@${domain}`);
  const { invitationId } = await product.invite(anna, `carl@${domain}`);
  document = await product.nobody.get('/openapi.json');
  ids = { ...anna, userId: bob.userId, domainId, invitationId } as unknown as Record<string, string>;
  const spared = /^(?:\/v1\/operations|\/v1\/sessions\/current)/;
  operations = operationsOf(document).filter(({ path }) => !spared.test(path));
  await product.quiet(anna);
  prototypes = shared();
});
afterAll(async () => {
  expect(shared()).toBe(prototypes);
  await product.stop();
});

const pathOf = ({ path }: Operation): string => path.replace(/\{(\w+)\}/g, (_, name) => ids[name] ?? 'none');

const ask = (operation: Operation, sending: Sending, query = '', person = anna): Promise<Reply> => {
  const path = `${pathOf(operation)}${query && `?${query}`}`;
  const headers = { ...sending.headers, ...(operation.method === 'GET' ? {} : { prefer: 'dry-run' }) };
  return person.call.send(operation.method, path, { ...sending, headers });
};

/** Runs some at once, and gathers what must not be: an answer without a code, or one that is the product’s fault. */
const faults = async <T>(cases: readonly T[], asking: (one: T) => Promise<Reply>): Promise<string[]> => {
  const found: string[] = [];
  const rest = cases.values();
  const work = async (): Promise<void> => {
    for (const one of rest) {
      const { status, body, text } = await asking(one);
      if (status >= 500 || (status >= 400 && typeof body?.code !== 'string'))
        found.push(`${status} ${text.slice(0, 200)} for ${JSON.stringify(one).slice(0, 200)}`);
    }
  };
  await Promise.all(Array.from({ length: 6 }, work));
  return found;
};

const unsafe = () => operations.filter(({ method }) => method !== 'GET');
const withBody = () => operations.filter(({ body }) => body);

/** Every string field of every body and query. */
const stringFields = () =>
  operations.flatMap((operation) => {
    const schema = resolved(operation.body ?? {}, document);
    const inBody = Object.entries<Json>(schema.properties ?? {})
      .filter(([, field]) => resolved(field, document).type === 'string')
      .map(([name]) => ({ operation, name, where: 'body' as const }));
    const inQuery = operation.query
      .filter((parameter) => parameter.schema.type === 'string')
      .map(({ name }) => ({ operation, name, where: 'query' as const }));
    return [...inBody, ...inQuery];
  });

const askWith = (
  { operation, name, where }: ReturnType<typeof stringFields>[number],
  text: string,
): Promise<Reply> =>
  where === 'body'
    ? ask(operation, { body: { ...sampleOf(operation.body, document), [name]: text } })
    : ask(operation, {}, `${name}=${encodeURIComponent(text.toWellFormed())}`);

describe('B3, B4, P15: hostile input', () => {
  it('B3: naughty text in every string field of every operation', async () => {
    const fields = stringFields();
    expect(naughty.length).toBeGreaterThanOrEqual(485);
    expect(fields.length).toBeGreaterThan(100);
    const each = Math.min(FIELDS, fields.length);
    const cases = naughty.flatMap((text, index) =>
      Array.from({ length: each }, (_, n) => ({ field: fields[(index * each + n) % fields.length]!, text })),
    );
    process.stdout.write(
      `naughty: ${naughty.length} strings, ${fields.length} fields, ${cases.length} requests\n`,
    );
    expect(await faults(cases, ({ field, text }) => askWith(field, text))).toEqual([]);
  }, 300_000);

  it('B3: what is taken is kept exactly as it was sent, what is not is 400', async () => {
    const wrong: string[] = [];
    for (const text of LONG ? naughty : naughty.filter((_, index) => index % 4 === 0)) {
      const reply = await anna.call.send('PATCH', anna.path(), { body: { name: text } });
      const kept = reply.status === 200 && reply.body.name === text;
      if (!kept && reply.status !== 400) wrong.push(`${reply.status} ${JSON.stringify(text).slice(0, 80)}`);
    }
    expect(wrong).toEqual([]);
  }, 300_000);

  it('B4: documents that are not JSON, or JSON of another shape', async () => {
    const documents = [...malformed, ...odd];
    expect(documents.length).toBeGreaterThanOrEqual(318);
    const endpoints = withBody()
      .filter((_, index) => index % 7 === 0)
      .slice(0, DOCUMENT_ENDPOINTS);
    const cases = endpoints.flatMap((operation) => documents.map((raw) => ({ operation, raw })));
    expect(await faults(cases, ({ operation, raw }) => ask(operation, { raw }))).toEqual([]);
    const taken: string[] = [];
    for (const { operation, raw } of cases.filter(({ raw }) => malformed.includes(raw))) {
      const { status } = await ask(operation, { raw });
      if (status !== 400) taken.push(`${status} ${operation.row} ${String(raw).slice(0, 60)}`);
    }
    expect(taken).toEqual([]);
  }, 300_000);

  it('B4: properties that nobody may set, on every command', async () => {
    const forbidden = [
      'id',
      '_id',
      'stream',
      'revision',
      'position',
      'events',
      'commandId',
      'actor',
      'principal',
      'isAdmin',
      'admin',
      'permissions',
      'rights',
      'verified',
      'emailVerified',
      'ownerOnUnverifiedDomain',
      'createdAt',
      'deleted',
      'tokenHash',
      'passwordHash',
      'sealed',
      'occurredAt',
      'schemaVersion',
      'via',
      'systemOnly',
    ];
    const cases = unsafe()
      .filter(({ consumes }) => !consumes)
      .flatMap((operation) => forbidden.map((name) => ({ operation, name })));
    const taken: string[] = [];
    const found = await faults(cases, async ({ operation, name }) => {
      const body = operation.body ? sampleOf(operation.body, document) : {};
      const reply = await ask(operation, { body: { ...body, [name]: true } });
      if (reply.body?.code !== 'validation_failed') taken.push(`${operation.row} ${name}: ${reply.status}`);
      return reply;
    });
    expect([...found, ...taken]).toEqual([]);
  }, 300_000);

  it('B4: shapes that pollute prototypes, and operators where text belongs', async () => {
    const shapes = (fields: string) => [
      `{"__proto__":{"polluted":1}${fields}}`,
      `{"__proto__":null${fields}}`,
      `{"\\u005f_proto__":{"polluted":1}${fields}}`,
      `{"constructor":{"prototype":{"polluted":1}}${fields}}`,
      `{"prototype":{"polluted":1}${fields}}`,
      `{"a":{"__proto__":{"polluted":1}}${fields}}`,
      `{"a":[{"__proto__":{"polluted":1}}]${fields}}`,
      `{"__defineGetter__":"x"${fields}}`,
      `{"toString":{"polluted":1}${fields}}`,
      `{"hasOwnProperty":1${fields}}`,
      `{"valueOf":{"__proto__":1}${fields}}`,
      `{"toJSON":{"polluted":1}${fields}}`,
    ];
    const operators = [
      '$gt',
      '$ne',
      '$in',
      '$regex',
      '$where',
      '$exists',
      '$or',
      '$expr',
      '$function',
      '__proto__x',
    ];
    const polluting = withBody().flatMap((operation) => {
      const fields = JSON.stringify(sampleOf(operation.body, document)).slice(1, -1);
      return shapes(fields && `,${fields}`).map((raw) => ({ operation, raw }));
    });
    const operating = stringFields()
      .filter(({ where }) => where === 'body')
      .flatMap(({ operation, name }, index) =>
        operators
          .filter((_, n) => LONG || n % 3 === index % 3)
          .map((operator) => ({
            operation,
            raw: JSON.stringify({ ...sampleOf(operation.body, document), [name]: { [operator]: '' } }),
          })),
      );
    const taken: string[] = [];
    const found = await faults([...polluting, ...operating], async ({ operation, raw }) => {
      const reply = await ask(operation, { raw });
      if (reply.status !== 400) taken.push(`${reply.status} ${operation.row} ${raw}`);
      return reply;
    });
    expect([...found, ...taken]).toEqual([]);
    expect(({} as Json).polluted).toBeUndefined();
  }, 300_000);

  it('B1: whatever the description lets through, and a little more, is answered and described', async () => {
    const value = (schema: Json): fc.Arbitrary<unknown> =>
      fc.oneof(
        { weight: 3, arbitrary: fc.constant(sampleOf(schema, document, { optional: true })) },
        { weight: 2, arbitrary: fc.constantFrom(...naughty) },
        { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
      );
    const wrong: string[] = [];
    for (const operation of operations) {
      const schema = resolved(operation.body ?? {}, document);
      const body = fc.record(
        Object.fromEntries(
          Object.entries<Json>(schema.properties ?? {}).map(([name, field]) => [name, value(field)]),
        ),
        { requiredKeys: [] },
      );
      const query = fc.record(
        Object.fromEntries(operation.query.map(({ name, schema: field }) => [name, value(field)])),
        { requiredKeys: [] },
      );
      for (const [seed, [fields, asked]] of fc
        .sample(fc.tuple(body, query), { numRuns: FUZZED, seed: 42 })
        .entries()) {
        const search = new URLSearchParams(
          Object.entries(asked).map(
            ([name, given]) => [name, String(given).toWellFormed()] as [string, string],
          ),
        ).toString();
        const sending = operation.method === 'GET' || operation.consumes ? {} : { body: fields };
        for (const person of [anna, bob]) {
          const { status, body: answered, text } = await ask(operation, sending, search, person);
          if (status >= 500 || (status >= 400 && typeof answered?.code !== 'string'))
            wrong.push(`${operation.row} (${seed}): ${status} ${text.slice(0, 200)}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  }, 600_000);
});
