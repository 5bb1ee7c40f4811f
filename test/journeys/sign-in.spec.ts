import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Agent } from 'undici';
import type { Json } from '../support/caller.ts';
import { backends, type Person, Product, password } from '../support/product.ts';

const names = { givenName: 'Anna', familyName: 'Berg' };

/** A problem document without what differs from request to request. */
const plain = ({ requestId: _, instance: __, ...rest }: Json): Json => rest;

describe.each(backends)('signing up and in on $name', (backend) => {
  let product: Product;
  let anna: Person;
  let domain: string;

  beforeAll(async () => {
    product = await Product.start(backend, { rateLimits: true });
    domain = product.domain('corporate');
    anna = await product.signUp(`anna@${domain}`);
  });
  afterAll(() => product.stop());

  it('ORG-06 USR: an address is one person; plus-tags are significant, capitals are not', async () => {
    for (const email of [
      anna.email,
      anna.email.toUpperCase(),
      `Anna@${domain}`,
      `anna@${domain.toUpperCase()}`,
    ])
      await product.nobody.refused(409, 'email_taken', 'POST', '/v1/sign-ups', {
        body: { email, password, ...names },
      });
    const tagged = await product.signUp(`anna+testorg@${domain}`);
    expect(tagged.organizationId).not.toBe(anna.organizationId);
    expect((await tagged.call.get('/v1/me')).email).toBe(`anna+testorg@${domain}`);
    expect((await product.signIn(`Anna@${domain.toUpperCase()}`)).token).toEqual(expect.any(String));
  });

  it('an address that many want at once becomes one person', async () => {
    const body = { email: `race@${domain}`, password, ...names };
    const replies = await Promise.all(
      Array.from({ length: 6 }, () => product.nobody.send('POST', '/v1/sign-ups', { body })),
    );
    expect(replies.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409, 409]);
    expect(replies.filter(({ status }) => status === 409).map(({ body: { code } }) => code)).toEqual(
      Array(5).fill('email_taken'),
    );
  });

  it('before the address is verified a person reads and renames their own things, nothing else', async () => {
    const eve = await product.signUp(`eve@${domain}`, { verified: false });
    await eve.call.get(eve.path());
    await eve.call.get(eve.path('/users'));
    expect(await eve.call.patch(eve.path(), { name: 'Eve & Co.' })).toMatchObject({ name: 'Eve & Co.' });
    await eve.call.patch(eve.path(`/users/${eve.userId}`), { givenName: 'Evelyn' });
    const refusals = [
      ['/domains', { domain: product.domain('eve'), method: 'dns_txt' }],
      ['/invitations', { email: `x@${domain}`, role: 'standard_user' }],
    ] as const;
    for (const [path, body] of refusals)
      await eve.call.refused(403, 'email_unverified', 'POST', eve.path(path), { body });
    const first = await product.token(eve.email);
    const again = await eve.call.post('/v1/email-verifications');
    expect(again.events.map(({ type }: Json) => type)).toEqual(['EmailVerificationRequested']);
    const second = await product.token(eve.email, 2);
    const complete = '/v1/email-verifications/complete';
    await product.nobody.refused(404, 'link_invalid', 'POST', complete, { body: { token: first } });
    await product.nobody.refused(404, 'link_invalid', 'POST', complete, { body: { token: 'nonsense' } });
    expect(await product.nobody.post(complete, { token: second })).toMatchObject({ emailVerified: true });
    await eve.call.post(eve.path('/domains'), refusals[0][1]);
  });

  it('a weak password is refused', async () => {
    for (const weak of ['short', 'password1234', `weak@${domain}`])
      await product.nobody.refused(422, 'password_too_weak', 'POST', '/v1/sign-ups', {
        body: { email: `weak@${domain}`, password: weak, ...names },
      });
  });

  it('a wrong password and an unknown address answer alike', async () => {
    const wrong = { email: anna.email, password: 'not this one at all' };
    const unknown = { email: `unknown@${domain}`, password: 'not this one at all' };
    const answers = [];
    for (const body of [wrong, unknown])
      answers.push(
        plain(await product.nobody.refused(401, 'sign_in_failed', 'POST', '/v1/sessions', { body })),
      );
    expect(answers[0]).toEqual(answers[1]);
  });

  it('a session answers who one is, until signing out', async () => {
    const { token, expiresAt, user } = await product.nobody.post('/v1/sessions', {
      email: anna.email,
      password,
    });
    expect(user).toMatchObject({ userId: anna.userId, email: anna.email });
    expect(Date.parse(expiresAt)).toBeGreaterThan(Date.now());
    const call = product.nobody.as(token);
    await call.get('/v1/me');
    await call.expecting([204], 'DELETE', '/v1/sessions/current');
    await call.refused(401, 'unauthenticated', 'GET', '/v1/me');
    await anna.call.get('/v1/me');
    await product.nobody.as('nonsense').refused(401, 'unauthenticated', 'GET', '/v1/me');
    await product.nobody.refused(401, 'unauthenticated', 'GET', anna.path());
  });

  it('there is no dry run of signing in: it is refused, and opens nothing', async () => {
    const { email, call } = await product.signUp(`dry@${product.domain('dry')}`);
    const before = await call.get('/v1/me/sessions');
    const body = { email, password };
    for (const [path, headers] of [
      ['/v1/sessions?dryRun=true', {}],
      ['/v1/sessions', { prefer: 'dry-run' }],
    ] as const) {
      const refused = await product.nobody.refused(400, 'validation_failed', 'POST', path, { body, headers });
      expect(refused.errors).toMatchObject([{ field: 'dryRun', code: 'dry_run_not_available' }]);
    }
    expect(await call.get('/v1/me/sessions')).toEqual(before);
  });

  it('a session in a cookie needs the CSRF token for every unsafe request', async () => {
    const reply = await product.nobody
      .with({ 'x-session-mode': 'cookie' })
      .send('POST', '/v1/sessions', { body: { email: anna.email, password } });
    expect(reply.status).toBe(201);
    expect(reply.body.token).toBeUndefined();
    const [cookie = ''] = reply.headers.getSetCookie();
    expect(cookie).toMatch(/^orgledger_session=[\w-]+; .*HttpOnly/);
    expect(cookie).toMatch(/SameSite=Strict/);
    const browser = product.nobody.with({ cookie: cookie.split(';')[0] ?? '' });
    expect((await browser.get('/v1/me')).userId).toBe(anna.userId);
    const body = { name: 'By cookie' };
    await browser.refused(403, 'csrf_token_missing', 'PATCH', anna.path(), { body });
    const forged = { body, headers: { 'x-csrf-token': 'A'.repeat(43) } };
    await browser.refused(403, 'csrf_token_missing', 'PATCH', anna.path(), forged);
    const { csrfToken } = reply.body;
    expect(await browser.with({ 'x-csrf-token': csrfToken }).patch(anna.path(), body)).toMatchObject(body);
    const [newest] = (await anna.call.get(anna.path('/audit-events?type=OrganizationRenamed'))).items;
    expect(newest.source).toBe('web');
  });

  it('a session survives a restart, a sign-out does too', async () => {
    const gone = await product.signIn(anna.email);
    await gone.call.expecting([204], 'DELETE', '/v1/sessions/current');
    await product.restart();
    expect((await anna.call.get('/v1/me')).userId).toBe(anna.userId);
    await gone.call.refused(401, 'unauthenticated', 'GET', '/v1/me');
  });

  it('DOM-20 AMB-31 DOM-07: on a verified domain one joins by invitation only, on its subdomain not', async () => {
    await product.verifiedDomain(anna, domain);
    await product.invite(anna, `pending@${domain}`);
    for (const email of [`new@${domain}`, `NEW@${domain.toUpperCase()}`, `pending@${domain}`])
      await product.nobody.refused(403, 'sign_up_by_invitation_only', 'POST', '/v1/sign-ups', {
        body: { email, password, ...names },
      });
    const other = await product.signUp(`new@stage.${domain}`);
    expect(other.organizationId).not.toBe(anna.organizationId);
  });

  it('ten failures from one place stop guessing there, and nobody else', async () => {
    const { email } = await product.signUp(`target@${product.domain('guessed')}`);
    const guess = { body: { email, password: 'not the one, sorry' } };
    for (let count = 0; count < 10; count++)
      await product.nobody.refused(401, 'sign_in_failed', 'POST', '/v1/sessions', guess);
    const stopped = await product.nobody.send('POST', '/v1/sessions', { body: { email, password } });
    expect([stopped.status, stopped.body.code]).toEqual([429, 'rate_limited']);
    expect(Number(stopped.headers.get('retry-after'))).toBeGreaterThan(0);
    await product.signIn(anna.email);
    const elsewhere = new Agent({ localAddress: '127.0.0.2' });
    try {
      const caller = product.nobody.through(elsewhere);
      expect(await caller.post('/v1/sessions', { email, password })).toMatchObject({ user: { email } });
    } finally {
      await elsewhere.close();
    }
  });
});
