import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Agent } from 'undici';
import type { Json } from '../support/caller.ts';
import { backends, type Person, Product, password, until } from '../support/product.ts';

const other = 'another slow river 17';
const complete = '/v1/password-resets/complete';

/** A problem document without what differs from request to request. */
const plain = ({ requestId: _, instance: __, ...rest }: Json): Json => rest;
const types = ({ events }: Json): string[] => events.map(({ type }: Json) => type);

describe.each(backends)('passwords on $name', (backend) => {
  let product: Product;
  let domain: string;
  let anna: Person;
  let bob: Person;

  beforeAll(async () => {
    product = await Product.start(backend, { rateLimits: true });
    domain = product.domain('corporate');
    anna = await product.signUp(`anna@${domain}`);
    await product.verifiedDomain(anna, domain);
    bob = await product.join(anna, `bob@${domain}`);
  });
  afterAll(() => product.stop());

  /** The token in the n-th mail to somebody about a password. */
  const resetToken = async (to: string, nth = 1): Promise<string> => {
    const about = () =>
      product.smtp.messages.filter((mail) => mail.to === to && mail.subject === 'Choose a new password');
    await until(
      async () => about(),
      (mails) => mails.length >= nth,
    );
    return new URL(about()[nth - 1]?.links[0] ?? '').searchParams.get('token') ?? '';
  };

  it('P14 AMB-24: a changed password ends the other sessions at once, this one stays', async () => {
    const carl = await product.signUp(`carl@${product.domain('carl')}`);
    const elsewhere = await product.signIn(carl.email);
    const change = { currentPassword: password, newPassword: other };
    await carl.call.refused(422, 'password_wrong', 'POST', '/v1/me/password', {
      body: { ...change, currentPassword: 'not this one at all' },
    });
    for (const newPassword of ['short', 'liverpool1', 'Trustno1!', carl.email])
      await carl.call.refused(422, 'password_too_weak', 'POST', '/v1/me/password', {
        body: { ...change, newPassword },
      });
    expect(await carl.call.post('/v1/me/password?dryRun=true', change)).toMatchObject({ dryRun: true });
    await elsewhere.call.get('/v1/me');
    const changing = carl.call.key('change-1');
    const changed = await changing.post('/v1/me/password', change);
    expect(types(changed)).toEqual(['PasswordChanged', 'SessionsRevoked']);
    await elsewhere.call.refused(401, 'unauthenticated', 'GET', '/v1/me');
    await carl.call.get('/v1/me');
    expect(await changing.post('/v1/me/password', change)).toEqual(changed);
    await product.nobody.refused(401, 'sign_in_failed', 'POST', '/v1/sessions', {
      body: { email: carl.email, password },
    });
    await product.signIn(carl.email, other);
  });

  it('USR-12 P9: whoever is asked for, the answer is the same; the newest link works, once', async () => {
    const dora = await product.signUp(`dora@${product.domain('dora')}`);
    const answers = [];
    for (const email of [dora.email, `nobody@${domain}`, 'not an address@x'])
      answers.push(await product.nobody.send('POST', '/v1/password-resets', { body: { email } }));
    const seen = answers.map(({ status, text }) => [status, text]);
    expect(seen.slice(0, 2)).toEqual(Array(2).fill([202, '{"accepted":true}']));
    const first = await resetToken(dora.email);
    await product.nobody.expecting([202], 'POST', '/v1/password-resets', { email: dora.email.toUpperCase() });
    const token = await resetToken(dora.email, 2);
    const refusals = [];
    for (const wrong of [first, 'nonsense', `${token.slice(0, -2)}AA`, 'A'.repeat(64)])
      refusals.push(
        plain(
          await product.nobody.refused(404, 'link_invalid', 'POST', complete, {
            body: { token: wrong, newPassword: other },
          }),
        ),
      );
    expect(new Set(refusals.map((refusal) => JSON.stringify(refusal))).size).toBe(1);
    await product.nobody.refused(422, 'password_too_weak', 'POST', complete, {
      body: { token, newPassword: 'password1' },
    });
    await dora.call.get('/v1/me');
    const uses = await Promise.all(
      Array.from({ length: 8 }, () =>
        product.nobody.send('POST', complete, { body: { token, newPassword: other } }),
      ),
    );
    expect(uses.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(404)]);
    await dora.call.refused(401, 'unauthenticated', 'GET', '/v1/me');
    await product.signIn(dora.email, other);
  });

  it('USR-12: an administrator resets a password; the old one works no more, sessions end, the link expires by an event', async () => {
    await bob.call.refused(403, 'forbidden', 'POST', anna.path(`/users/${bob.userId}/reset-password`));
    const stranger = await product.signUp(`stranger@${product.domain('stranger')}`);
    await stranger.call.refused(404, 'not_found', 'POST', anna.path(`/users/${bob.userId}/reset-password`));
    const reset = await anna.call.post(anna.path(`/users/${bob.userId}/reset-password`));
    expect(types(reset)).toEqual(['PasswordResetRequested', 'SessionsRevoked']);
    await bob.call.refused(401, 'unauthenticated', 'GET', '/v1/me');
    await product.nobody.refused(401, 'sign_in_failed', 'POST', '/v1/sessions', {
      body: { email: bob.email, password },
    });
    const [entry] = (await anna.call.get(anna.path('/audit-events?type=PasswordResetRequested'))).items;
    expect(entry).toMatchObject({ actor: { id: anna.userId }, data: { userId: bob.userId } });
    expect(JSON.stringify(entry)).not.toMatch(/[Hh]ash|token/);
    const token = await resetToken(bob.email);
    await product.nobody.post(complete, { token, newPassword: other });
    await product.signIn(bob.email, other);
  });

  it('USR-12 P2: an administrator’s reset that is repeated ends no session that came after it', async () => {
    const dan = await product.join(anna, `dan@${domain}`);
    const reset = () => anna.call.key('reset of dan').post(anna.path(`/users/${dan.userId}/reset-password`));
    const first = await reset();
    await product.nobody.post(complete, { token: await resetToken(dan.email), newPassword: other });
    const { call } = await product.signIn(dan.email, other);
    expect(await reset()).toEqual(first);
    await call.get('/v1/me');
  });

  it('USR-12 USR-13: If-Match of a reset is the revision of the person', async () => {
    const gus = await product.join(anna, `gus@${domain}`);
    const path = anna.path(`/users/${gus.userId}`);
    for (const what of ['reset-password', 'reset-two-factor']) {
      const etag = (await anna.call.send('GET', path)).headers.get('etag') ?? '';
      const by = (match: string) => anna.call.with({ 'if-match': match });
      await by('"99"').refused(412, 'revision_conflict', 'POST', `${path}/${what}`);
      await by(etag).post(`${path}/${what}`);
    }
  });

  it('ROL-02: an Administrator does not reset the Owner', async () => {
    const admin = await product.join(anna, `admin@${domain}`, 'administrator');
    for (const what of ['reset-password', 'reset-two-factor'])
      await admin.call.refused(403, 'forbidden', 'POST', anna.path(`/users/${anna.userId}/${what}`));
  });

  it('USR-12: a used link proves the address', async () => {
    const email = `eve@${product.domain('eve')}`;
    const eve = await product.signUp(email, { verified: false });
    await product.nobody.expecting([202], 'POST', '/v1/password-resets', { email });
    const done = await product.nobody.post(complete, {
      token: await resetToken(email),
      newPassword: other,
    });
    expect(done).toMatchObject({ userId: eve.userId });
    const { call } = await product.signIn(email, other);
    expect(await call.get('/v1/me')).toMatchObject({ emailVerified: true });
  });

  it('a person sees their sessions and ends one, nobody else’s', async () => {
    const fred = await product.signUp(`fred@${product.domain('fred')}`);
    const second = await product.nobody
      .with({ 'user-agent': 'a second machine' })
      .post('/v1/sessions', { email: fred.email, password });
    const { items } = await fred.call.get('/v1/me/sessions');
    expect(items).toHaveLength(2);
    expect(items.filter(({ current }: Json) => current)).toHaveLength(1);
    const session = items.find(({ current }: Json) => !current);
    expect(session).toMatchObject({ userAgent: 'a second machine', sourceIp: '127.0.0.1' });
    expect(JSON.stringify(items)).not.toContain(second.token);
    const path = `/v1/me/sessions/${session.sessionId}`;
    await anna.call.refused(404, 'not_found', 'DELETE', path);
    await product.nobody.as(second.token).get('/v1/me');
    const dry = await fred.call.expecting([200], 'DELETE', `${path}?dryRun=true`);
    expect(dry).toEqual({ dryRun: true, events: [], effects: [] });
    await product.nobody.as(second.token).expecting([200], 'DELETE', '/v1/sessions/current?dryRun=true');
    await product.nobody.as(second.token).get('/v1/me');
    await fred.call.expecting([204], 'DELETE', path);
    await product.nobody.as(second.token).refused(401, 'unauthenticated', 'GET', '/v1/me');
    await fred.call.refused(404, 'not_found', 'DELETE', path);
  });

  it('P14: a lock after guessing ends with a reset by mail', async () => {
    const gina = await product.signUp(`gina@${product.domain('gina')}`);
    const agent = new Agent({ localAddress: '127.0.0.9' });
    try {
      const guesser = product.nobody.through(agent);
      const guess = { body: { email: gina.email, password: 'not the one, sorry' } };
      for (let count = 0; count < 10; count++)
        await guesser.refused(401, 'sign_in_failed', 'POST', '/v1/sessions', guess);
      await guesser.refused(429, 'rate_limited', 'POST', '/v1/sessions', guess);
      await product.nobody.expecting([202], 'POST', '/v1/password-resets', { email: gina.email });
      await product.nobody.post(complete, { token: await resetToken(gina.email), newPassword: other });
      expect(await guesser.post('/v1/sessions', { email: gina.email, password: other })).toMatchObject({
        user: { userId: gina.userId },
      });
    } finally {
      await agent.close();
    }
  });
});
