import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { codeAt } from '../support/authenticator.ts';
import type { Caller, Json } from '../support/caller.ts';
import { backends, type Person, Product, password, until } from '../support/product.ts';

const [embedded] = backends;

describe('two-factor sign-in', () => {
  let product: Product;
  let domain: string;
  let anna: Person;

  const now = async (): Promise<number> => Date.parse((await product.nobody.get('/sandbox/clock')).now);
  const advance = (milliseconds: number) => product.nobody.post('/sandbox/clock/advance', { milliseconds });
  const mails = (to: string, kind: string): Promise<Json[]> =>
    until(
      async () => (await product.nobody.get(`/sandbox/mail?to=${encodeURIComponent(to)}&kind=${kind}`)).items,
      (items) => items.length > 0,
    );
  const tokenOf = ({ links }: Json): string => new URL(links[0]).searchParams.get('token') ?? '';
  const verify = async ({ email }: Person): Promise<void> => {
    const [mail] = await mails(email, 'email_verification');
    await product.nobody.post('/v1/email-verifications/complete', { token: tokenOf(mail) });
  };
  const signUp = async (name: string): Promise<Person> => {
    const person = await product.signUp(`${name}@${product.domain(name)}`, { verified: false });
    await verify(person);
    return person;
  };
  /** A code is taken once: the next one is thirty seconds away. */
  const code = async (secret: string): Promise<string> => {
    await advance(30_000);
    return codeAt(secret, await now());
  };
  const enrol = async (call: Caller): Promise<{ secret: string; recoveryCodes: string[] }> => {
    const { secret } = await call.post('/v1/me/two-factor', { method: 'totp' });
    const { recoveryCodes } = await call.post('/v1/me/two-factor/confirm', { code: await code(secret) });
    return { secret, recoveryCodes };
  };
  const challenge = async ({ email }: Person): Promise<Json> =>
    (await product.nobody.expecting([200], 'POST', '/v1/sessions', { email, password })).twoFactor;
  const answer = (challengeId: string, given: string) =>
    product.nobody.send('POST', '/v1/sessions/two-factor', { body: { challengeId, code: given } });
  const messages = async (to: string): Promise<Json[]> =>
    (await product.nobody.get(`/sandbox/sms?to=${encodeURIComponent(to)}`)).items;
  const sent = async (to: string): Promise<string> => /\d{6}/.exec((await messages(to))[0].text)?.[0] ?? '';

  beforeAll(async () => {
    if (!embedded) throw new Error('no backend');
    product = await Product.start(embedded, { sandbox: true });
    domain = product.domain('corporate');
    anna = await product.signUp(`anna@${domain}`, { verified: false });
    await verify(anna);
    const added = await anna.call.post(anna.path('/domains'), { domain, method: 'dns_txt' });
    const { host, value } = added.dnsRecord;
    await product.nobody.put(`/sandbox/dns/${host}/TXT`, { values: [value] });
    await anna.call.post(anna.path(`/domains/${added.domainId}/verify`));
  });
  afterAll(() => product.stop());

  const join = async (name: string): Promise<Person> => {
    const email = `${name}@${domain}`;
    await product.invite(anna, email);
    const [mail] = await mails(email, 'invitation');
    const accepted = await product.nobody.post('/v1/invitations/accept', {
      token: tokenOf(mail),
      password,
      givenName: 'Bob',
      familyName: 'Ray',
    });
    return { ...anna, ...accepted, email, ...(await product.signIn(email)) };
  };

  it('SEC-05 P14: an authenticator is set up, asked for at sign-in, and each code is taken once', async () => {
    const bob = await signUp('bob');
    const elsewhere = await product.signIn(bob.email);
    const una = await product.signUp(`una@${product.domain('una')}`, { verified: false });
    const method = { body: { method: 'totp' } };
    await una.call.refused(403, 'email_unverified', 'POST', '/v1/me/two-factor', method);
    await verify(una);
    await una.call.post('/v1/me/two-factor', method.body);
    const begun = await bob.call.post('/v1/me/two-factor', { method: 'totp' });
    expect(begun).toMatchObject({ method: 'totp', secret: expect.stringMatching(/^[A-Z2-7]{32}$/) });
    expect(begun.otpauthUri).toBe(
      `otpauth://totp/Orgledger:${encodeURIComponent(bob.email)}?secret=${begun.secret}&issuer=Orgledger&algorithm=SHA1&digits=6&period=30`,
    );
    expect(begun.qrSvg).toMatch(/^<svg /);
    const confirm = '/v1/me/two-factor/confirm';
    await bob.call.refused(422, 'two_factor_code_invalid', 'POST', confirm, { body: { code: '000000' } });
    const given = await code(begun.secret);
    const enrolling = bob.call.key('enrol-1');
    const enrolled = await enrolling.post(confirm, { code: given });
    expect(enrolled).toMatchObject({ method: 'totp' });
    expect(new Set(enrolled.recoveryCodes).size).toBe(10);
    expect(await enrolling.post(confirm, { code: given })).toEqual(enrolled);
    await elsewhere.call.refused(401, 'unauthenticated', 'GET', '/v1/me');
    expect(await bob.call.get('/v1/me/two-factor')).toMatchObject({ method: 'totp', recoveryCodesLeft: 10 });

    const { challengeId, methods } = await challenge(bob);
    expect(methods).toEqual(['totp', 'recovery_code']);
    expect((await answer(challengeId, given)).body.code).toBe('two_factor_code_invalid');
    const fresh = await code(begun.secret);
    const { status, body } = await answer(challengeId, fresh);
    expect([status, body.user.userId]).toEqual([201, bob.userId]);
    await product.nobody.as(body.token).get('/v1/me');
    expect((await answer(challengeId, await code(begun.secret))).status).toBe(401);
    expect((await answer((await challenge(bob)).challengeId, fresh)).status).toBe(401);
  });

  it('SEC-05: a session alone does not replace a second factor that is on; the password does', async () => {
    const nina = await signUp('nina');
    const { secret } = await enrol(nina.call);
    const begin = '/v1/me/two-factor';
    const refused = (path: string, body: Json) =>
      nina.call.refused(422, 'password_wrong', 'POST', path, { body });
    await refused(begin, { method: 'totp' });
    await refused(begin, { method: 'totp', currentPassword: 'a guess' });
    await refused(begin, { method: 'sms', number: '+31612345678' });
    await refused(`${begin}?dryRun=true`, { method: 'totp', currentPassword: 'a guess' });
    const confirm = { body: { code: await code(secret) } };
    await nina.call.refused(409, 'two_factor_not_begun', 'POST', `${begin}/confirm`, confirm);
    const next = await nina.call.post(begin, { method: 'totp', currentPassword: password });
    expect(next.secret).not.toBe(secret);
    await nina.call.post(`${begin}/confirm`, { code: await code(next.secret) });
    const { challengeId } = await challenge(nina);
    expect((await answer(challengeId, await code(secret))).status).toBe(401);
    expect((await answer(challengeId, await code(next.secret))).status).toBe(201);
  });

  it('P14: five tries end a challenge, and so do ten minutes', async () => {
    const carl = await signUp('carl');
    const { secret } = await enrol(carl.call);
    const { challengeId } = await challenge(carl);
    for (let tries = 0; tries < 5; tries++) expect((await answer(challengeId, '000000')).status).toBe(401);
    expect((await answer(challengeId, await code(secret))).status).toBe(401);
    const late = await challenge(carl);
    await advance(600_000);
    expect((await answer(late.challengeId, codeAt(secret, await now()))).status).toBe(401);
    expect((await answer('olc_nonsense', '000000')).body.code).toBe('two_factor_code_invalid');
  });

  it('P14: a recovery code works once, many at a time too, and the history tells of it; new ones end the old', async () => {
    const dora = await signUp('dora');
    const { recoveryCodes } = await enrol(dora.call);
    const challenges = await Promise.all(Array.from({ length: 4 }, () => challenge(dora)));
    const replies = await Promise.all(
      challenges.map(({ challengeId }) => answer(challengeId, recoveryCodes[0] ?? '')),
    );
    expect(replies.map(({ status }) => status).sort()).toEqual([201, 401, 401, 401]);
    expect((await answer((await challenge(dora)).challengeId, recoveryCodes[0] ?? '')).status).toBe(401);
    const shouted = (recoveryCodes[1] ?? '').toUpperCase().replace('-', ' ');
    expect((await answer((await challenge(dora)).challengeId, shouted)).status).toBe(201);
    expect(await dora.call.get('/v1/me/two-factor')).toMatchObject({ recoveryCodesLeft: 8 });
    const renew = '/v1/me/two-factor/recovery-codes';
    await dora.call.refused(422, 'password_wrong', 'POST', renew, { body: { currentPassword: 'no' } });
    const renewed = await dora.call.post(renew, { currentPassword: password });
    expect(renewed.recoveryCodes).toHaveLength(10);
    const { items } = await dora.call.get(dora.path('/audit-events?type=RecoveryCodeUsed'));
    expect(items.map(({ data, actor }: Json) => [data.left, actor.id])).toEqual([
      [8, dora.userId],
      [9, dora.userId],
    ]);
    expect((await answer((await challenge(dora)).challengeId, recoveryCodes[2] ?? '')).status).toBe(401);
    expect((await answer((await challenge(dora)).challengeId, renewed.recoveryCodes[2])).status).toBe(201);
  });

  it('SEC-05: codes by text message; a newer one kills the older, the number is shown to nobody whole', async () => {
    const eve = await signUp('eve');
    const number = '+4930123456';
    await eve.call.refused(400, 'validation_failed', 'POST', '/v1/me/two-factor', {
      body: { method: 'sms', number: '030 123456' },
    });
    await eve.call.post('/v1/me/two-factor', { method: 'sms', number });
    await eve.call.post('/v1/me/two-factor/confirm', { code: await sent(number) });
    expect(await eve.call.get('/v1/me/two-factor')).toMatchObject({ method: 'sms', number: '••••••••456' });
    const { challengeId, methods } = await challenge(eve);
    expect(methods).toEqual(['sms', 'recovery_code']);
    const first = await sent(number);
    await product.nobody.expecting([202], 'POST', '/v1/sessions/two-factor/resend', { challengeId });
    expect(await messages(number)).toHaveLength(3);
    const second = await sent(number);
    if (first !== second) expect((await answer(challengeId, first)).status).toBe(401);
    expect((await answer(challengeId, second)).status).toBe(201);
    expect((await answer(challengeId, second)).status).toBe(401);
  });

  it('SEC-05 ACC-12: required by an account, nobody uses it by a role there without one, and the next sign-in asks for it', async () => {
    const ida = await join('ida');
    const path = `/v1/accounts/${anna.accountId}`;
    await anna.call.post(`${path}/invitations`, { email: ida.email, roles: ['developer'] });
    await ida.call.get(path);
    await anna.call.put(`${path}/two-factor-requirement`, { required: true });
    await ida.call.refused(403, 'two_factor_enrolment_required', 'GET', path);
    await ida.call.get('/v1/me');
    await anna.call.get(path);
    const opened = await product.nobody.post('/v1/sessions', { email: ida.email, password });
    expect(opened.twoFactorEnrolment).toBe('required');
    const call = product.nobody.as(opened.token);
    await call.refused(403, 'two_factor_enrolment_required', 'GET', path);
    await enrol(call);
    await call.get(path);
    await anna.call.put(`${path}/two-factor-requirement`, { required: false });
  });

  it('SEC-05: the console’s session comes with the second factor, and goes with signing out', async () => {
    const ruth = await signUp('ruth');
    const { secret } = await enrol(ruth.call);
    const inCookie = product.nobody.with({ 'x-session-mode': 'cookie' });
    const { twoFactor } = await inCookie.expecting([200], 'POST', '/v1/sessions', {
      email: ruth.email,
      password,
    });
    const reply = await inCookie.send('POST', '/v1/sessions/two-factor', {
      body: { challengeId: twoFactor.challengeId, code: await code(secret) },
    });
    expect([reply.status, reply.body.token]).toEqual([201, undefined]);
    const [cookie = ''] = reply.headers.getSetCookie();
    const browser = product.nobody.with({ cookie: cookie.split(';')[0] ?? '' });
    const { items } = await browser.get('/v1/me/sessions');
    expect(items.find(({ current }: Json) => current)).toMatchObject({ secondFactor: true });
    const withToken = browser.with({ 'x-csrf-token': reply.body.csrfToken });
    await browser.refused(403, 'csrf_token_missing', 'DELETE', '/v1/sessions/current');
    const out = await withToken.send('DELETE', '/v1/sessions/current');
    expect([out.status, out.headers.getSetCookie()]).toEqual([204, [expect.stringContaining('Max-Age=0')]]);
    await browser.refused(401, 'unauthenticated', 'GET', '/v1/me');
  });

  it('SEC-05: required of a person, it is set up at sign-in before anything else, and not given up', async () => {
    const fred = await join('fred');
    await anna.call.put(anna.path(`/users/${fred.userId}/two-factor-requirement`), { required: true });
    const mustEnrol = 'two_factor_enrolment_required';
    await fred.call.refused(403, mustEnrol, 'GET', anna.path());
    const opened = await product.nobody.expecting([201], 'POST', '/v1/sessions', {
      email: fred.email,
      password,
    });
    expect(opened.twoFactorEnrolment).toBe('required');
    const call = product.nobody.as(opened.token);
    await call.get('/v1/me');
    await call.refused(403, mustEnrol, 'GET', anna.path());
    await call.refused(403, mustEnrol, 'POST', '/v1/me/password', {
      body: { currentPassword: password, newPassword: 'another slow river 17' },
    });
    const { secret } = await enrol(call);
    await call.get(anna.path());
    await call.refused(409, 'two_factor_required', 'POST', '/v1/me/two-factor/disable', {
      body: { currentPassword: password },
    });
    await anna.call.put(anna.path(`/users/${fred.userId}/two-factor-requirement`), { required: false });
    await call.post('/v1/me/two-factor/disable', { currentPassword: password });
    await product.signIn(fred.email);
    expect(secret).toHaveLength(32);
  });

  it('USR-13: an administrator takes a second factor away; a mail says so, and the next sign-in asks for a new one', async () => {
    const gina = await join('gina');
    const { secret, recoveryCodes } = await enrol(gina.call);
    const reset = await anna.call.post(anna.path(`/users/${gina.userId}/reset-two-factor`));
    expect(reset.events.map(({ type }: Json) => type)).toEqual(['TwoFactorReset']);
    const [mail] = await mails(gina.email, 'two_factor_reset');
    expect(mail.text).not.toContain(secret);
    expect(recoveryCodes.some((one) => mail.text.includes(one))).toBe(false);
    const opened = await product.nobody.expecting([201], 'POST', '/v1/sessions', {
      email: gina.email,
      password,
    });
    expect(opened.twoFactorEnrolment).toBe('asked');
    const again = await anna.call.post(anna.path(`/users/${gina.userId}/reset-two-factor`));
    expect(again.events).toEqual([]);
    await enrol(product.nobody.as(opened.token));
    expect((await challenge(gina)).methods).toEqual(['totp', 'recovery_code']);
  });

  it('USR-12: a reset link ends after 24 hours, by an event, and upcoming tells when', async () => {
    const hans = await join('hans');
    await anna.call.post(anna.path(`/users/${hans.userId}/reset-password`));
    const [mail] = await mails(hans.email, 'password_reset');
    const upcoming = (await anna.call.get(anna.path('/upcoming'))).items;
    expect(upcoming.filter(({ kind }: Json) => kind === 'password_reset_expiry')).toMatchObject([
      { subject: { type: 'user', id: hans.userId, name: hans.email }, affects: { users: 1 } },
    ]);
    await advance(24 * 3_600_000);
    await product.nobody.refused(404, 'link_invalid', 'POST', '/v1/password-resets/complete', {
      body: { token: tokenOf(mail), newPassword: 'another slow river 17' },
    });
    const owner = await product.signIn(anna.email);
    const { items } = await owner.call.get(anna.path('/audit-events?type=PasswordResetExpired'));
    expect(items.map(({ actor, data }: Json) => [actor.type, data.userId])).toEqual([
      ['system', hans.userId],
    ]);
  });
});
