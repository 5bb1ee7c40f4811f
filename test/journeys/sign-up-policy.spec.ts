import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { backends, type Person, Product, password } from '../support/product.ts';

describe.each(backends)('who may sign up with an address of a verified domain on $name', (backend) => {
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

  const signUp = (name: string) => ({
    email: `${name}@${domain}`,
    password,
    givenName: name,
    familyName: 'Ray',
  });
  const setPolicy = (policy: string) => anna.call.put(anna.path('/sign-up-policy'), { policy });

  it('DOM-20 AMB-31: by invitation only, which is how an organization begins', async () => {
    expect(await anna.call.get(anna.path())).toMatchObject({ signUpPolicy: 'invite_only' });
    await product.nobody.refused(403, 'sign_up_by_invitation_only', 'POST', '/v1/sign-ups', {
      body: signUp('bob'),
    });
    await product.invite(anna, `ida@${domain}`);
    await product.nobody.refused(403, 'sign_up_by_invitation_only', 'POST', '/v1/sign-ups', {
      body: signUp('ida'),
    });
    await anna.call.refused(400, 'validation_failed', 'PUT', anna.path('/sign-up-policy'), {
      body: { policy: 'everybody' },
    });
  });

  it('DOM-20 AMB-28: auto_join lets somebody in as Standard User once the address is proved', async () => {
    expect(await setPolicy('auto_join')).toMatchObject({ signUpPolicy: 'auto_join' });
    const receipt = await product.nobody.post('/v1/sign-ups', signUp('bob'));
    expect(receipt).toMatchObject({ organizationId: null, accountId: null, joinsAfterVerification: true });
    const { call } = await product.signIn(`bob@${domain}`);
    expect(await call.get('/v1/me')).toMatchObject({ organizationId: null, role: null });
    await call.refused(403, 'email_unverified', 'POST', '/v1/organizations', { body: { name: 'x' } });
    await product.nobody.post('/v1/email-verifications/complete', {
      token: await product.token(`bob@${domain}`),
    });
    expect(await call.get('/v1/me')).toMatchObject({
      organizationId: anna.organizationId,
      role: 'standard_user',
    });
    expect(await anna.call.get(anna.path(`/users/${receipt.userId}`))).toMatchObject({
      kind: 'managed',
      emailVerified: true,
    });
    await call.post(anna.path('/accounts'), { name: 'Of Bob' });
  });

  it('AMB-28: what counts is the policy of the moment at which the address is proved', async () => {
    await product.nobody.post('/v1/sign-ups', signUp('cora'));
    await setPolicy('invite_only');
    await product.nobody.post('/v1/email-verifications/complete', {
      token: await product.token(`cora@${domain}`),
    });
    const { call } = await product.signIn(`cora@${domain}`);
    expect(await call.get('/v1/me')).toMatchObject({ organizationId: null, emailVerified: true });
    await product.invite(anna, `cora@${domain}`);
    await call.post('/v1/invitations/accept', { token: await product.token(`cora@${domain}`, 2) });
    expect(await call.get('/v1/me')).toMatchObject({ organizationId: anna.organizationId });
  });

  it('DOM-20 AMB-13 AMB-31: outside lets somebody sign up who stays outside until they accept a merge; an invitee may do that too', async () => {
    await setPolicy('outside');
    const dan = await product.signUp(`dan@${domain}`);
    expect(dan.organizationId).not.toBe(anna.organizationId);
    expect(await dan.call.get('/v1/me')).toMatchObject({ organizationId: dan.organizationId, role: 'owner' });
    expect((await product.nobody.post('/v1/sign-ups', signUp('ida'))).organizationId).toEqual(
      expect.stringMatching(/^org_/),
    );
    expect(await product.invite(anna, dan.email)).toMatchObject({ kind: 'merge', userId: dan.userId });
    expect(await dan.call.get('/v1/me')).toMatchObject({ organizationId: dan.organizationId, role: 'owner' });
  });
});
