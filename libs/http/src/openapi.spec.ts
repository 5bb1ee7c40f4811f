import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { startFakeApi, whoMay } from '../test/fake-api.ts';
import { serveOpenapi } from './openapi.ts';

// biome-ignore lint/suspicious/noExplicitAny: the document is what the test looks into.
const answerOf = (operation: any) => operation.responses['2XX'].content['application/json'].schema;

let app: NestFastifyApplication;
beforeAll(async () => {
  ({ app } = await startFakeApi());
  serveOpenapi(app, { version: '1.2.3', whoMay });
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
});
afterAll(() => app.close());

describe('OpenAPI', () => {
  it('describes every route from the decorators that check it', async () => {
    const answer = await app.inject('/openapi.json');
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([
      200,
      'application/json; charset=utf-8',
    ]);
    const document = answer.json();
    expect(document).toMatchObject({ openapi: '3.1.0', info: { title: 'Orgledger', version: '1.2.3' } });

    const invite = document.paths['/v1/organizations/{organizationId}/invitations'].post;
    expect(invite.operationId).toBe('Organizations.invite');
    expect(invite.parameters).toContainEqual(
      expect.objectContaining({
        name: 'organizationId',
        in: 'path',
        required: true,
        schema: { type: 'string', pattern: '^org_[0-9a-f]{32}$' },
      }),
    );
    expect(invite.parameters.map(({ name }: { name: string }) => name)).toEqual([
      'organizationId',
      'dryRun',
      'Idempotency-Key',
      'If-Match',
      'Prefer',
    ]);
    expect(invite.requestBody).toEqual({
      required: true,
      content: { 'application/json': { schema: { $ref: '#/components/schemas/InviteUser' } } },
    });
    expect(Object.keys(invite.responses)).toEqual(['2XX', '4XX', '5XX']);
    expect(invite.security).toEqual([{ token: [] }, { cookie: [] }]);
    expect(document.components.schemas.InviteUser).toMatchObject({
      type: 'object',
      additionalProperties: false,
      required: ['email', 'role'],
      properties: {
        email: { type: 'string', maxLength: 254 },
        role: { enum: ['administrator', 'standard_user'] },
        silent: { type: 'boolean' },
        accounts: { type: 'array', maxItems: 20, items: { $ref: '#/components/schemas/AccountAccess' } },
      },
    });
    expect(document.components.schemas.AccountAccess.properties.roles).toEqual({
      type: 'array',
      minItems: 1,
      maxItems: 5,
      items: { type: 'string', enum: ['administrator', 'standard_user'] },
    });

    const users = document.paths['/v1/organizations/{organizationId}/users'].get;
    expect(users.parameters).toContainEqual({
      name: 'limit',
      in: 'query',
      required: false,
      schema: { type: 'integer', minimum: 1, maximum: 200 },
    });
    expect(answerOf(users)).toMatchObject({
      required: ['items', 'total', 'nextCursor', 'position', 'asOf'],
      properties: { items: { type: 'array', items: { $ref: '#/components/schemas/Person' } } },
      additionalProperties: false,
    });
    expect(document.components.schemas.Person).toEqual({
      type: 'object',
      properties: { userId: { type: 'string', pattern: '^(?:usr)_[0-9a-f]{32}$' } },
      required: ['userId'],
      additionalProperties: false,
    });
    expect(document.paths['/health/live'].get.security).toEqual([]);
    expect(
      document.paths['/v1/organizations/{organizationId}/selection'].put.requestBody.content,
    ).toHaveProperty('text/csv');
  });

  it('tells of a command its receipt, its dry run and every code of a refusal', async () => {
    const { paths } = (await app.inject('/openapi.json')).json();
    const suspend = paths['/v1/organizations/{organizationId}/suspend'].post;
    const [receipt, dryRun] = answerOf(suspend).anyOf;
    expect(receipt.required).toEqual(['id', 'stream', 'revision', 'position', 'events', 'organizationId']);
    expect(receipt.additionalProperties).toBe(false);
    expect(dryRun).toEqual({ $ref: '#/components/schemas/DryRun' });
    const { schema } = suspend.responses['4XX'].content['application/problem+json'];
    expect(schema.properties.code.enum).toEqual(
      expect.arrayContaining(['forbidden', 'organization_merging', 'revision_conflict', 'unauthenticated']),
    );
  });

  it('leaves no reference open and no operation id double', async () => {
    const { body } = await app.inject('/openapi.json');
    const document = JSON.parse(body);
    for (const [, name] of body.matchAll(/"#\/components\/schemas\/(\w+)"/g))
      expect(Object.keys(document.components.schemas)).toContain(name);
    const ids = [...body.matchAll(/"operationId":"([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('is readable at /docs, from this server alone', async () => {
    const page = await app.inject('/docs');
    expect(page.headers['content-security-policy']).toContain("script-src 'self'");
    expect(page.body).not.toMatch(/https?:\/\//);
    for (const [, path] of page.body.matchAll(/(?:src|href)="([^"]+)"/g)) {
      const { statusCode, rawPayload } = await app.inject(path ?? '');
      expect([path, statusCode]).toEqual([path, 200]);
      expect(rawPayload.length).toBeGreaterThan(50);
    }
    expect((await app.inject('/docs/package.json')).statusCode).toBe(404);
  });
});
