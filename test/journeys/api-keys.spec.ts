import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Caller, Json } from '../support/caller.ts';
import { backends, type Person, Product } from '../support/product.ts';

describe.each(backends)('API keys on $name', (backend) => {
  let product: Product;
  let domain: string;
  let anna: Person;

  beforeAll(async () => {
    product = await Product.start(backend);
    domain = product.domain('corporate');
    anna = await product.signUp(`anna@${domain}`);
    await product.verifiedDomain(anna, domain);
  });
  afterAll(() => product.stop());

  const make = (role: string, fields: object = {}): Promise<Json> =>
    anna.call.post(anna.path('/api-keys'), { name: `A ${role}`, role, ...fields });
  const by = ({ secret }: Json): Caller => product.nobody.as(secret);
  const listed = async (): Promise<Json[]> => (await anna.call.get(anna.path('/api-keys'))).items;

  it('a key shows its secret once, acts by its role, and stands in the history as who did it', async () => {
    const creating = anna.call.key('key-1');
    const body = { name: 'Deployment', role: 'administrator' };
    const made = await creating.post(anna.path('/api-keys'), body);
    expect(made).toMatchObject({
      apiKeyId: expect.stringMatching(/^key_[0-9a-f]{32}$/),
      ...body,
      secret: expect.stringMatching(/^orgledger_/),
      expiresAt: null,
    });
    expect(await creating.post(anna.path('/api-keys'), body)).toEqual(made);
    const shown = await anna.call.send('GET', anna.path('/api-keys'));
    expect(shown.text).not.toContain(made.secret);
    expect(shown.body.items).toMatchObject([
      { apiKeyId: made.apiKeyId, ...body, createdBy: { type: 'user', id: anna.userId }, lastUsedAt: null },
    ]);
    const invited = await by(made).post(anna.path('/invitations'), {
      email: `bob@${domain}`,
      role: 'standard_user',
    });
    const [event] = (await anna.call.get(anna.path(`/audit-events?actorId=${made.apiKeyId}`))).items;
    expect(event).toMatchObject({
      actor: { type: 'api_key', id: made.apiKeyId },
      source: 'api',
      resource: { id: invited.invitationId },
    });
    const [{ lastUsedAt }] = await listed();
    expect(Date.parse(lastUsedAt)).toBeGreaterThan(Date.now() - 60_000);
    await by(made).refused(403, 'forbidden', 'GET', '/v1/me');
  });

  it('P2: the same Idempotency-Key of a key is one command, wherever it comes from', async () => {
    const made = await make('administrator');
    const renaming = by(made).key('rename-1');
    const first = await renaming.patch(anna.path(), { name: 'By a key' });
    expect(await renaming.patch(anna.path(), { name: 'By a key' })).toEqual(first);
    await renaming.refused(422, 'idempotency_key_reused', 'PATCH', anna.path(), {
      body: { name: 'Otherwise' },
    });
  });

  it('an auditor reads everything of its organization and changes nothing', async () => {
    const auditor = by(await make('auditor'));
    for (const path of ['', '/users', '/accounts', '/domains', '/invitations', '/audit-events', '/api-keys'])
      await auditor.get(anna.path(path));
    const changes: [string, string, object][] = [
      ['PATCH', '', { name: 'By an auditor' }],
      ['POST', '/invitations', { email: `eve@${domain}`, role: 'standard_user' }],
      ['POST', '/domains', { domain: product.domain('eve'), method: 'dns_txt' }],
      ['POST', '/api-keys', { name: 'More', role: 'auditor' }],
    ];
    for (const [method, path, body] of changes)
      await auditor.refused(403, 'forbidden', method, anna.path(path), { body });
    const other = await product.signUp(`other@${product.domain('other')}`);
    for (const path of ['', '/users', '/api-keys'])
      await auditor.refused(404, 'not_found', 'GET', other.path(path));
  });

  it('ROL-04: no key is an Owner, nobody makes one who does not manage, and none of another organization is touched', async () => {
    const standard = by(await make('standard_user'));
    const body = { name: 'More', role: 'auditor' };
    await standard.refused(403, 'forbidden', 'POST', anna.path('/api-keys'), { body });
    await anna.call.refused(422, 'owner_role_by_transfer_only', 'POST', anna.path('/api-keys'), {
      body: { ...body, role: 'owner' },
    });
    await anna.call.refused(422, 'expires_in_the_past', 'POST', anna.path('/api-keys'), {
      body: { ...body, expiresAt: '2020-01-01T00:00:00Z' },
    });
    const other = await product.signUp(`another@${product.domain('another')}`);
    const made = await make('auditor');
    await other.call.refused(404, 'not_found', 'DELETE', other.path(`/api-keys/${made.apiKeyId}`));
    await other.call.refused(404, 'not_found', 'DELETE', anna.path(`/api-keys/${made.apiKeyId}`));
    await by(made).get(anna.path());
  });

  it('a revoked key works no more at once, after a restart too, and one that has ended neither', async () => {
    const [made, brief] = [
      await make('auditor'),
      await make('auditor', { expiresAt: '2027-01-01T00:00:00Z' }),
    ];
    await by(made).get(anna.path());
    await by(brief).get(anna.path());
    const revoked = await anna.call.expecting([200], 'DELETE', anna.path(`/api-keys/${made.apiKeyId}`));
    expect(revoked.events.map(({ type }: Json) => type)).toEqual(['ApiKeyRevoked']);
    await by(made).refused(401, 'unauthenticated', 'GET', anna.path());
    const again = await anna.call.expecting([200], 'DELETE', anna.path(`/api-keys/${made.apiKeyId}`));
    expect(again.events).toEqual([]);
    expect((await listed()).some(({ apiKeyId }) => apiKeyId === made.apiKeyId)).toBe(false);
    await product.restart();
    await by(made).refused(401, 'unauthenticated', 'GET', anna.path());
    await by(brief).get(anna.path());
    const forged = `${brief.secret.slice(0, -4)}AAAA`;
    await product.nobody.as(forged).refused(401, 'unauthenticated', 'GET', anna.path());
  });
});
