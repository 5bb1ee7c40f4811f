import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { startFakeApi } from '../test/fake-api.ts';

const org = `/v1/organizations/org_${'0'.repeat(32)}`;
const absent = `/v1/organizations/org_${'f'.repeat(32)}`;
const valid = { email: 'ada@example.com', role: 'administrator' };
const json = { authorization: 'Bearer good', 'content-type': 'application/json' };

let fake: Awaited<ReturnType<typeof startFakeApi>>;
let app: NestFastifyApplication;
beforeAll(async () => {
  fake = await startFakeApi();
  app = fake.app;
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
});
afterAll(() => app.close());

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS' | 'HEAD';
const call = async (
  method: Method,
  url: string,
  payload?: string | Buffer | object,
  headers: Record<string, string> = json,
) => {
  const answer = await app.inject({ method, url, payload, headers });
  const isJson = /json/.test(String(answer.headers['content-type']));
  return {
    status: answer.statusCode,
    headers: answer.headers,
    body: isJson && answer.body ? answer.json() : answer.body,
  };
};
const invite = (payload: string | Buffer | object, headers?: Record<string, string>) =>
  call('POST', `${org}/invitations`, payload, headers);

describe('problems', () => {
  it('are RFC 9457 documents with code, instance without query, and request id', async () => {
    const { status, headers, body } = await call('GET', `${org}?token=abc`);
    expect(status).toBe(400);
    expect(headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(body).toEqual({
      type: 'urn:orgledger:problem:validation_failed',
      title: 'Validation failed',
      status: 400,
      detail: 'The request is not shaped as it should be.',
      code: 'validation_failed',
      instance: org,
      requestId: headers['x-request-id'],
      errors: [{ field: 'token', code: 'unknown_field', message: 'is not a field of this request' }],
    });
    expect(headers['x-request-id']).toMatch(/^req_[0-9a-f]{32}$/);
  });

  it.each([
    ['forbidden', 403, 'forbidden', {}],
    ['stale', 412, 'revision_conflict', {}],
    ['gone', 410, 'organization_absorbed', { successorId: 'org_2' }],
    ['rule', 422, 'account_owner_required', { accounts: [] }],
  ])('carry a refusal: %s', async (note, status, code, members) => {
    const answer = await invite({ ...valid, note });
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ code, status, ...members });
  });

  it('tell an outage from a bug, and nothing of the inside', async () => {
    const outage = await call('GET', `${org}/outage`);
    expect([outage.status, outage.body.code, outage.headers['retry-after']]).toEqual([
      503,
      'stores_unavailable',
      '1',
    ]);
    const broken = await call('GET', `${org}/broken`);
    expect([broken.status, broken.body.code]).toEqual([500, 'internal_error']);
    expect(JSON.stringify([outage.body, broken.body])).not.toMatch(/secret|10\.0|stack|\.ts/);
    const line = fake.lines.find(({ message }) => message === 'request failed');
    expect(line?.fields).toMatchObject({
      requestId: broken.body.requestId,
      route: '/v1/organizations/:organizationId/broken',
    });
    expect(String((line!.fields.err as Error).stack)).toContain('secret of the inside');
  });

  it('tell when to come back after a limit', async () => {
    const { status, headers, body } = await call('GET', `${org}/limited`);
    expect([status, body.code, headers['retry-after']]).toEqual([429, 'rate_limited', '13']);
  });
});

describe('order of refusals (api.md)', () => {
  const nobody = { 'content-type': 'application/json' };
  it.each([
    ['malformed JSON', '{', nobody],
    ['a body that is too large', 'x'.repeat(300_000), nobody],
    ['another media type', 'a=b', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['an impossible media type', 'a=b', { 'content-type': '/;;' }],
    ['an unknown field', '{"x":1}', nobody],
  ])('401 comes before %s', async (_, payload, headers) => {
    const { status, body, headers: answered } = await invite(payload, headers);
    expect([status, body.code, answered['www-authenticate']]).toEqual([401, 'unauthenticated', 'Bearer']);
  });
  it('shape comes before existence, also of an id that cannot exist', async () => {
    for (const path of [absent, '/v1/organizations/nonsense'])
      expect((await call('POST', `${path}/invitations`, { ...valid, extra: 1 })).status).toBe(400);
    for (const path of [absent, '/v1/organizations/nonsense'])
      expect((await call('POST', `${path}/invitations`, valid)).body.code).toBe('not_found');
  });
  it('existence comes before rules', async () => {
    expect((await call('POST', `${absent}/invitations`, { ...valid, note: 'rule' })).status).toBe(404);
  });
  it('a malformed id and an absent one answer alike', async () => {
    const [malformed, missing] = await Promise.all([
      call('POST', '/v1/organizations/org_1/invitations', valid),
      call('POST', `${absent}/invitations`, valid),
    ]);
    for (const { body } of [malformed, missing]) {
      delete body.requestId;
      delete body.instance;
    }
    expect(malformed.body).toEqual(missing.body);
  });
});

describe('paths and methods', () => {
  it('404 for an unknown path, without repeating it as text', async () => {
    const { status, body } = await call('GET', '/v2/<script>?a=b');
    expect([status, body.code]).toEqual([404, 'not_found']);
  });
  it('405 with Allow for a known path with another method', async () => {
    const { status, body, headers } = await call('PUT', org, {});
    expect([status, body.code, headers.allow]).toEqual([
      405,
      'method_not_allowed',
      'DELETE, GET, HEAD, PATCH, OPTIONS',
    ]);
  });
  it('405 also for a body of another media type', async () => {
    expect((await call('PUT', org, 'x', { 'content-type': 'text/plain' })).status).toBe(405);
  });
  it('OPTIONS tells the methods, without any permission for other origins', async () => {
    const { status, headers } = await call('OPTIONS', `${org}/users`, undefined, {
      origin: 'https://evil.example',
    });
    expect([status, headers.allow]).toEqual([204, 'GET, HEAD, OPTIONS']);
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    expect((await call('OPTIONS', '/nowhere')).status).toBe(404);
  });
  it('HEAD answers as GET, without a body', async () => {
    const { status, headers, body } = await call('HEAD', org);
    expect([status, headers.etag, body]).toEqual([200, '"7"', '']);
  });
  it('a malformed path is a problem too, with the security headers', async () => {
    const { status, body, headers } = await call('GET', '/v1/%zz');
    expect([status, body.code]).toEqual([400, 'malformed_url']);
    expect(headers['x-content-type-options']).toBe('nosniff');
  });
  it('an over-long path parameter is not there', async () => {
    expect((await call('GET', `/v1/organizations/${'a'.repeat(300)}`)).status).toBe(404);
  });
});

describe('answers', () => {
  it('201 with ETag and position for a command that makes something', async () => {
    const { status, headers, body } = await invite(valid);
    expect([status, headers.etag, headers['x-log-position']]).toEqual([201, '"0"', '42']);
    expect(body).toMatchObject({ revision: 0, position: '42', body: valid });
  });
  it('200 for a command on what exists, also by POST', async () => {
    expect((await call('POST', `${org}/suspend`)).status).toBe(200);
    expect((await call('PATCH', org, valid)).status).toBe(200);
  });
  it('202 while effects are pending, or where the route says so', async () => {
    expect((await invite({ ...valid, note: 'slow' })).status).toBe(202);
    expect((await call('POST', `${org}/imports`)).status).toBe(202);
  });
  it('a read carries ETag and position', async () => {
    const { status, headers } = await call('GET', org);
    expect([status, headers.etag, headers['x-log-position']]).toEqual([200, '"7"', '41']);
  });
  it.each([
    [{ ...json, prefer: 'respond-async, Dry-Run' }, ''],
    [json, '?dryRun=true'],
  ])('a dry run is 200 and says that it was one', async (headers, query) => {
    const answer = await call('POST', `${org}/invitations${query}`, valid, headers);
    expect([answer.status, answer.headers['preference-applied']]).toEqual([200, 'dry-run']);
    expect(answer.body).toEqual({ dryRun: true, events: [{ type: 'InviteSent' }], effects: [] });
  });
  it('P9: every answer has the security headers, and nothing names the server', async () => {
    for (const answer of [await call('GET', org), await call('GET', '/nowhere'), await invite('{')]) {
      expect(answer.headers).toMatchObject({
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      });
      expect(answer.headers).not.toHaveProperty('x-powered-by');
      expect(answer.headers).not.toHaveProperty('server');
    }
  });
});

describe('the call', () => {
  it('carries what the headers say', async () => {
    const { body } = await call('PATCH', org, valid, {
      ...json,
      'idempotency-key': 'k-1',
      'if-match': '"12"',
      'user-agent': `Mozilla\t${'x'.repeat(400)}`,
      'x-forwarded-for': '203.0.113.9',
      forwarded: 'for=203.0.113.9',
      'x-request-id': 'mine',
    });
    expect(body.call).toMatchObject({
      idempotencyKey: 'k-1',
      ifMatch: 12,
      dryRun: false,
      source: 'api',
      sourceIp: '127.0.0.1',
      principal: { id: 'usr_1' },
    });
    expect(body.call.userAgent).toHaveLength(256);
    expect(body.call.userAgent).not.toContain('\t');
    expect(body.call.requestId).toMatch(/^req_/);
  });
  it('comes from the web with a cookie', async () => {
    expect((await call('GET', org, undefined, { cookie: 's=1' })).body.call.source).toBe('web');
  });
  it('takes asOf and minPosition on every read', async () => {
    const { body } = await call('GET', `${org}?asOf=2026-01-01T00:00:00.000Z&minPosition=17`);
    expect(body.call).toMatchObject({ asOf: '2026-01-01T00:00:00.000Z', minPosition: '17' });
    expect(
      (await call('GET', org, undefined, { ...json, 'x-log-position': '18' })).body.call.minPosition,
    ).toBe('18');
  });
  it('If-Match: * asks for no revision', async () => {
    expect((await call('PATCH', org, valid, { ...json, 'if-match': '*' })).body.call).not.toHaveProperty(
      'ifMatch',
    );
  });
  it.each([
    ['idempotency-key', 'x'.repeat(256)],
    ['idempotency-key', '   '],
    ['idempotency-key', 'ключ'],
    ['if-match', 'W/"1"'],
    ['if-match', '"1", "2"'],
    ['if-match', '1'],
    ['if-match', '"abc"'],
    ['x-log-position', '$gt'],
  ])('400 for %s: %s', async (header, value) => {
    const { status, body } = await call('PATCH', org, valid, {
      ...json,
      [header]: Buffer.from(value).toString('latin1'),
    });
    expect([status, body.code]).toEqual([400, 'header_invalid']);
  });
});

describe('P15: fields', () => {
  const fieldsOf = (body: { errors: { field: string; code: string }[] }) =>
    body.errors.map(({ field, code }) => `${field} ${code}`);

  it('names every wrong field, nested ones by path', async () => {
    const { status, body } = await invite({
      email: 'nobody',
      role: 'emperor',
      silent: 'true',
      extra: 1,
      accounts: [
        { accountId: `acc_${'a'.repeat(32)}`, roles: ['owner'] },
        { accountId: 'acc_1', roles: 'administrator', admin: true },
        7,
      ],
    });
    expect(status).toBe(400);
    expect(body.code).toBe('validation_failed');
    expect(fieldsOf(body)).toEqual([
      'extra unknown_field',
      'email email_invalid',
      'role choice_invalid',
      'silent is_boolean',
      'accounts.0.roles choice_invalid',
      'accounts.1.admin unknown_field',
      'accounts.1.accountId id_invalid',
      'accounts.1.roles list_invalid',
      'accounts.2 object_expected',
    ]);
  });
  it('says what is missing', async () => {
    expect(fieldsOf((await invite({})).body)).toEqual(['email required', 'role required']);
    expect(fieldsOf((await invite('')).body)).toEqual(['email required', 'role required']);
  });
  it.each([
    ['null', null],
    ['a number', 3],
    ['an operator', { $gt: '' }],
    ['a list', ['ada@example.com']],
    ['a boolean', true],
    ['NUL', 'a\u0000@example.com'],
  ])('refuses %s where text is due', async (_, email) => {
    expect((await invite({ ...valid, email })).status).toBe(400);
  });
  it.each([
    ['null for an optional field', { note: null }],
    ['NUL in text', { note: 'a\u0000b' }],
    ['a line break in text', { note: 'a\nb' }],
    ['blank text', { note: '   ' }],
    ['long text', { note: 'é'.repeat(101) }],
    ['a map with a foreign key', { owners: { usr_1: 'usr_2' } }],
    ['a list for a map', { owners: [] }],
    ['repeated items', { accounts: [], owners: 3 }],
  ])('refuses %s', async (_, fields) => {
    expect((await invite({ ...valid, ...fields })).status).toBe(400);
  });
  it('counts code points, keeps text as sent', async () => {
    const note = `  ${'😀'.repeat(96)}  `;
    const { status, body } = await invite({ ...valid, note });
    expect([status, body.body.note]).toEqual([201, note]);
  });
  it('a command without fields takes no body or {}, nothing else', async () => {
    expect((await call('POST', `${org}/suspend`, undefined, { authorization: 'Bearer good' })).status).toBe(
      200,
    );
    expect((await call('POST', `${org}/suspend`, '{}')).status).toBe(200);
    expect((await call('POST', `${org}/suspend`, '')).status).toBe(200);
    for (const payload of ['{"a":1}', '[]', 'null', '1', '"x"'])
      expect((await call('POST', `${org}/suspend`, payload)).status).toBe(400);
  });
  it('at most 50 errors are told', async () => {
    const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`f${n}`, n]));
    expect((await invite(many)).body.errors).toHaveLength(50);
  });
});

describe('P15: bodies', () => {
  it.each([
    ['a body without content type', '{}', { authorization: 'Bearer good' }, 415, 'unsupported_media_type'],
    [
      'a form',
      'a=b',
      { ...json, 'content-type': 'application/x-www-form-urlencoded' },
      415,
      'unsupported_media_type',
    ],
    ['text', '{}', { ...json, 'content-type': 'text/plain' }, 415, 'unsupported_media_type'],
    [
      'another charset',
      '{}',
      { ...json, 'content-type': 'application/json; charset=utf-16' },
      415,
      'unsupported_media_type',
    ],
    ['1 MB', JSON.stringify({ ...valid, note: 'x'.repeat(1_000_000) }), json, 413, 'body_too_large'],
    ['depth 1,000', '['.repeat(1_000) + ']'.repeat(1_000), json, 400, 'too_deep'],
    ['depth 100,000', '['.repeat(100_000) + ']'.repeat(100_000), json, 400, 'too_deep'],
    ['depth 100,000, open', '{"a":'.repeat(50_000), json, 400, 'malformed_json'],
    [
      '__proto__',
      '{"email":"a@b.example","role":"administrator","__proto__":{"admin":true}}',
      json,
      400,
      'forbidden_key',
    ],
    ['an escaped __proto__', '{"\\u005f_proto__":{}}', json, 400, 'forbidden_key'],
    ['constructor', '{"constructor":{"prototype":{"admin":true}}}', json, 400, 'forbidden_key'],
    ['a key twice', '{"email":"a@b.example","email":"c@d.example"}', json, 400, 'duplicate_key'],
    ['a key twice, once escaped', '{"role":1,"\\u0072ole":2}', json, 400, 'duplicate_key'],
    ['a lone surrogate', '{"note":"\\ud800"}', json, 400, 'invalid_unicode'],
    ['a lone surrogate in a key', '{"\\udc00":1}', json, 400, 'invalid_unicode'],
    ['broken UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), json, 400, 'malformed_json'],
    ['a byte order mark', '\ufeff{}', json, 400, 'malformed_json'],
  ])('refuses %s', async (_, payload, headers, status, code) => {
    const answer = await invite(payload, headers);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });
  it('P15: names the field of what is well-formed JSON and cannot be taken', async () => {
    for (const [payload, field, code] of [
      ['{"email":"a@b.example","role":"\\ud800"}', 'role', 'invalid_unicode'],
      ['{"\\udc00":1}', '\ufffd', 'invalid_unicode'],
      ['{"email":"a@b.example","email":"c@d.example"}', 'email', 'duplicate_key'],
      ['{"accounts":[{"__proto__":1}]}', 'accounts', 'forbidden_key'],
    ] as const) {
      const { body } = await invite(payload);
      expect(body.errors).toEqual([{ field, code, message: body.detail }]);
    }
    expect((await invite('[')).body).not.toHaveProperty('errors');
  });
  it('takes a charset of UTF-8', async () => {
    expect(
      (await invite(JSON.stringify(valid), { ...json, 'content-type': 'Application/JSON; charset="UTF-8"' }))
        .status,
    ).toBe(201);
  });
  it('another media type only where the route takes it, as a stream with a limit', async () => {
    const csv = { ...json, 'content-type': 'text/csv' };
    expect((await call('PUT', `${org}/selection`, 'a,b\n', csv)).body).toEqual({ bytes: 4 });
    expect((await call('PUT', `${org}/selection`, '', csv)).body).toEqual({ bytes: 0 });
    for (const body of ['{}', '']) expect((await call('PUT', `${org}/selection`, body)).status).toBe(415);
    expect((await call('PUT', `${org}/selection`, 'x'.repeat(2_000), csv)).status).toBe(413);
  });
  it('leaves Object.prototype as it was', async () => {
    const before = Reflect.ownKeys(Object.prototype);
    for (const payload of [
      '{"__proto__":{"polluted":1}}',
      '{"constructor":{"prototype":{"polluted":1}}}',
      '{"accounts":[{"__proto__":{"polluted":1}}]}',
      '{"owners":{"__proto__":{"polluted":1}}}',
    ])
      await invite(payload);
    await call('GET', `${org}/users?__proto__[polluted]=1&constructor.prototype.polluted=1&__proto__=1`);
    expect(Reflect.ownKeys(Object.prototype)).toEqual(before);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe('P15: queries', () => {
  it('are converted by their declared types', async () => {
    const { body } = await call(
      'GET',
      `${org}/users?limit=200&twoFactorRequired=false&kind=managed&sort=-name&search=ad`,
    );
    expect(body.query).toEqual({
      limit: 200,
      twoFactorRequired: false,
      kind: 'managed',
      sort: '-name',
      search: 'ad',
    });
    expect((await call('GET', `${org}/users`)).body.query).toEqual({ limit: 50 });
  });
  it.each([
    'limit=0',
    'limit=201',
    'limit=1e2',
    'limit=',
    'limit=1.5',
    'limit=1&limit=2',
    'limit[$gt]=1',
    'kind=x',
    'kind=managed&kind=pending',
    'kind[]=managed',
    'kind[$ne]=managed',
    'kind.$ne=managed',
    '$where=1',
    'sort=age',
    'sort=',
    'search=%00',
    'search=a%0Ab',
    'search=%20',
    'nothing=1',
    'constructor=1',
    '__proto__=1',
    'twoFactorRequired=yes',
    'asOf=yesterday',
    'asOf=2026-02-30T00:00:00Z',
    'asOf=1&asOf=2',
    'minPosition=-1',
    'dryRun=true',
    'toString=1',
    'cursor=',
    'hasOwnProperty=1',
  ])('400 for ?%s', async (query) => {
    const { status, body } = await call('GET', `${org}/users?${query}`);
    expect([status, body.code]).toEqual([400, 'validation_failed']);
  });
  it('single fields are bounded too', async () => {
    expect((await call('GET', '/v1/by-token?token=abc')).body).toEqual({ length: 3 });
    expect((await call('GET', '/v1/by-token?token=a&token=b')).status).toBe(400);
    expect((await call('GET', '/v1/by-token?token=a&x=b')).status).toBe(400);
  });
  it('a command knows dryRun only', async () => {
    expect((await call('POST', `${org}/suspend?dryRun=maybe`)).status).toBe(400);
    expect((await call('POST', `${org}/suspend?asOf=1`)).status).toBe(400);
  });
  it('a cursor belongs to the filter and sort it came from', async () => {
    const first = await call('GET', `${org}/users?kind=managed`);
    const next = encodeURIComponent(first.body.nextCursor);
    expect((await call('GET', `${org}/users?kind=managed&limit=7&cursor=${next}`)).body.after).toEqual([
      'Ada',
      'usr_1',
    ]);
    for (const other of [`kind=pending&cursor=${next}`, `cursor=${next}`, 'kind=managed&cursor=abc'])
      expect((await call('GET', `${org}/users?${other}`)).body.code).toBe('cursor_invalid');
  });
});

describe('what is recorded of a request', () => {
  it('is the pattern of the route, never the path, the query or the body', async () => {
    fake.lines.length = 0;
    fake.answered.length = 0;
    await call('GET', `${org}?token=tkn-123`);
    await invite({ ...valid, note: 'pwd-123' });
    await call('GET', '/nowhere/tkn-123');
    expect(fake.lines.map(({ fields }) => fields)).toEqual([
      {
        method: 'GET',
        route: '/v1/organizations/:organizationId',
        status: 400,
        ms: expect.any(Number),
        requestId: expect.any(String),
      },
      {
        method: 'POST',
        route: '/v1/organizations/:organizationId/invitations',
        status: 201,
        ms: expect.any(Number),
        requestId: expect.any(String),
      },
      {
        method: 'GET',
        route: 'unmatched',
        status: 404,
        ms: expect.any(Number),
        requestId: expect.any(String),
      },
    ]);
    expect(JSON.stringify(fake.lines)).not.toMatch(/-123|ada@/);
    expect(fake.answered.map(({ status }) => status)).toEqual([400, 201, 404]);
  });
});
