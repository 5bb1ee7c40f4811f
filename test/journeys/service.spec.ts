import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Json } from '../support/caller.ts';
import { backends, type Person, Product } from '../support/product.ts';

/** The routes of api.md that the main job has. */
const promised: Readonly<Record<string, readonly string[]>> = {
  '/v1/sign-ups': ['post'],
  '/v1/sessions': ['post'],
  '/v1/sessions/current': ['delete'],
  '/v1/email-verifications': ['post'],
  '/v1/email-verifications/complete': ['post'],
  '/v1/me': ['get'],
  '/v1/invitations/by-token': ['get'],
  '/v1/invitations/accept': ['post'],
  '/v1/invitations/decline': ['post'],
  '/v1/organizations/{organizationId}': ['get', 'patch', 'delete'],
  '/v1/organizations/{organizationId}/summary': ['get'],
  '/v1/organizations/{organizationId}/users': ['get'],
  '/v1/organizations/{organizationId}/users/{userId}': ['get', 'patch'],
  '/v1/organizations/{organizationId}/invitations': ['get', 'post'],
  '/v1/organizations/{organizationId}/invitations/{invitationId}': ['get'],
  '/v1/organizations/{organizationId}/invitations/{invitationId}/resend': ['post'],
  '/v1/organizations/{organizationId}/invitations/{invitationId}/cancel': ['post'],
  '/v1/organizations/{organizationId}/domains': ['get', 'post'],
  '/v1/organizations/{organizationId}/domains/{domainId}': ['get'],
  '/v1/organizations/{organizationId}/domains/{domainId}/verification-file': ['get'],
  '/v1/organizations/{organizationId}/domains/{domainId}/verify': ['post'],
  '/v1/organizations/{organizationId}/domains/{domainId}/method': ['put'],
  '/v1/organizations/{organizationId}/domains/{domainId}/delete': ['post'],
  '/v1/organizations/{organizationId}/accounts': ['get'],
  '/v1/accounts/{accountId}': ['get', 'patch'],
  '/v1/organizations/{organizationId}/audit-events': ['get'],
  '/v1/organizations/{organizationId}/audit-events/{eventId}': ['get'],
  '/health/live': ['get'],
  '/health/ready': ['get'],
  '/metrics': ['get'],
  '/v1/operations/projections': ['get'],
  '/v1/operations/projections/{name}/rebuild': ['post'],
  '/v1/operations/parked/{id}/retry': ['post'],
};

describe.each(backends)('the service on $name', (backend) => {
  let product: Product;
  let anna: Person;

  beforeAll(async () => {
    product = await Product.start(backend);
    anna = await product.signUp(`anna@${product.domain('corporate')}`);
  });
  afterAll(() => product.stop());

  it('describes every route in OpenAPI 3.1', async () => {
    const document = await product.nobody.get('/openapi.json');
    expect(document.openapi).toMatch(/^3\.1\./);
    expect(document.info).toMatchObject({ title: expect.any(String), version: expect.any(String) });
    for (const [path, methods] of Object.entries(promised))
      expect([path, Object.keys(document.paths[path] ?? {})]).toEqual([
        path,
        expect.arrayContaining([...methods]),
      ]);
    const operations = Object.values(document.paths as Record<string, Record<string, Json>>).flatMap((path) =>
      Object.values(path),
    );
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const references = JSON.stringify(document).match(/"#\/components\/schemas\/[^"]+"/g) ?? [];
    for (const reference of new Set(references))
      expect(document.components.schemas[reference.slice(22, -1)]).toEqual(expect.any(Object));
  });

  it('answers every route that it describes, to nobody without signing in but the public ones', async () => {
    const { paths } = await product.nobody.get('/openapi.json');
    for (const [template, operations] of Object.entries(paths as Record<string, Record<string, Json>>))
      for (const [method, { security }] of Object.entries(operations)) {
        const path = template.replace(
          /\{(\w+?)(Id)?\}/g,
          (_, name) =>
            `${({ organization: 'org', account: 'acc', user: 'usr', domain: 'dom', invitation: 'inv' } as Record<string, string>)[name] ?? 'x'}_${'0'.repeat(32)}`,
        );
        const { status, body } = await product.nobody.send(method.toUpperCase(), path);
        const reached =
          security.length === 0
            ? status !== 401 && status !== 405 && status < 500
            : body.code === 'unauthenticated';
        expect([method, path, status, reached]).toEqual([method, path, status, true]);
      }
  });

  it('shows its documentation as a page', async () => {
    const page = await product.nobody.send('GET', '/docs');
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    const parts = [...page.text.matchAll(/(?:src|href)="(\/docs\/[^"]+)"/g)].map(([, path]) => path ?? '');
    expect(parts.length).toBeGreaterThan(2);
    for (const part of parts) {
      const { status, text } = await product.nobody.send('GET', part);
      expect([part, status, text.length > 0]).toEqual([part, 200, true]);
    }
  });

  it('what it answers while it is not ready is described beside what an outage answers', async () => {
    const { responses } = (await product.nobody.get('/openapi.json')).paths['/health/ready'].get;
    const { content } = responses['503'];
    expect(content['application/json']).toEqual(responses['2XX'].content['application/json']);
    expect(content['application/problem+json']).toEqual(responses['5XX'].content['application/problem+json']);
  });

  it('tells its health: stores, projections, what is parked', async () => {
    expect((await product.nobody.send('GET', '/health/live')).status).toBe(200);
    const ready = await product.nobody.get('/health/ready');
    expect(ready).toMatchObject({ ready: true, parkedCommands: 0 });
    for (const dependency of Object.values<Json>(ready.dependencies)) expect(dependency.ok).toBe(true);
    expect(ready.projections.length).toBeGreaterThan(4);
    for (const projection of ready.projections)
      expect(projection).toMatchObject({
        name: expect.any(String),
        position: expect.any(String),
        quarantined: 0,
      });
  });

  it('counts what it does, for Prometheus, without personal data', async () => {
    await anna.call.get('/v1/me');
    const { status, headers, text } = await product.nobody.send('GET', '/metrics');
    expect([status, headers.get('content-type')]).toEqual([200, expect.stringMatching(/^text\/plain/)]);
    for (const name of [
      'orgledger_projection_position',
      'orgledger_parked_commands',
      'orgledger_quarantined_streams',
    ])
      expect(text).toContain(`# TYPE ${name} gauge`);
    expect(text).toMatch(/route="\/v1\/me"/);
    expect(text).not.toContain(anna.email);
    expect(text).not.toContain(anna.organizationId);
    for (const line of text.split('\n').filter((line) => line && !line.startsWith('#')))
      expect(line).toMatch(/^[a-z_:][\w:]*(\{[^}]*\})? [-+.\dA-Za-z]+$/);
  });
});
