import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type OidcIssuer, startOidcIssuer } from '../servers/oidc-issuer.ts';
import type { Caller } from '../support/caller.ts';
import { backends, type Person, Product } from '../support/product.ts';

const audience = 'urn:orgledger:tests';
const [embedded] = backends;

describe('access tokens of the customer’s identity provider', () => {
  let provider: OidcIssuer;
  let product: Product;
  let anna: Person;

  const by = async (email: string, claims: object = { email_verified: true }): Promise<Caller> =>
    product.nobody.as(await provider.token({ email, ...claims }));

  beforeAll(async () => {
    if (!embedded) throw new Error('no backend');
    provider = await startOidcIssuer(audience);
    product = await Product.start(embedded, {
      settings: { ORGLEDGER_OIDC_ISSUER: provider.issuer, ORGLEDGER_OIDC_AUDIENCE: audience },
    });
    anna = await product.signUp(`anna@${product.domain('corporate')}`);
  });
  afterAll(async () => {
    await product.stop();
    await provider.close();
  });

  it('a verified address is the person who has it, with their rights of this moment', async () => {
    const call = await by(anna.email.toUpperCase());
    expect(await call.get('/v1/me')).toMatchObject({
      userId: anna.userId,
      organizationId: anna.organizationId,
    });
    await call.patch(anna.path(), { name: 'By a token' });
    const [event] = (await anna.call.get(anna.path('/audit-events?type=OrganizationRenamed'))).items;
    expect(event.actor).toEqual({ type: 'user', id: anna.userId });
  });

  it('P9: nobody else is let in: unknown, not verified there, not verified here', async () => {
    const una = await product.signUp(`una@${product.domain('una')}`, { verified: false });
    const strangers = [
      await by(`nobody@${product.domain('corporate')}`),
      await by(anna.email, {}),
      await by(anna.email, { email_verified: false }),
      await by(una.email),
      product.nobody.as('a.b.c'),
    ];
    for (const call of strangers) await call.refused(401, 'unauthenticated', 'GET', '/v1/me');
  });

  it('a provider that does not answer is a 503, and others go on', async () => {
    await product.restart();
    const call = await by(anna.email);
    provider.fail(true);
    await call.refused(503, 'identity_provider_unavailable', 'GET', '/v1/me');
    await anna.call.get('/v1/me');
    provider.fail(false);
    await call.get('/v1/me');
  });
});
