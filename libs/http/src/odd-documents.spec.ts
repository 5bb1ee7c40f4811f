import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { startFakeApi } from '../test/fake-api.ts';
import { malformed, odd } from '../test/odd-documents.ts';

let app: NestFastifyApplication;
beforeAll(async () => {
  ({ app } = await startFakeApi());
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
});
afterAll(() => app.close());

const org = `/v1/organizations/org_${'0'.repeat(32)}`;
const endpoints = [
  ['POST', `${org}/invitations`],
  ['PATCH', org],
  ['POST', `${org}/suspend`],
] as const;

it.each(endpoints)('P15: %s %s refuses every malformed or odd document with 4xx', async (method, url) => {
  const before = Reflect.ownKeys(Object.prototype);
  for (const payload of [...malformed, ...odd]) {
    const { statusCode, headers } = await app.inject({
      method,
      url,
      payload,
      headers: { authorization: 'Bearer good', 'content-type': 'application/json' },
    });
    const harmless =
      url.endsWith('/suspend') && String(payload).trim() === '{}' && typeof payload === 'string';
    const shown = `${String(payload).slice(0, 60)} → ${statusCode}`;
    if (harmless && statusCode === 200) continue;
    expect([shown, statusCode >= 400 && statusCode < 500]).toEqual([shown, true]);
    expect(headers['content-type']).toBe('application/problem+json; charset=utf-8');
  }
  expect(Reflect.ownKeys(Object.prototype)).toEqual(before);
});
