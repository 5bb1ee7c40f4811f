import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Json } from '../support/caller.ts';
import { at, backends, type Person, Product, password, until } from '../support/product.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const [embedded] = backends;

describe('the sandbox: mailbox, zone, hosts and clock of the product’s own', () => {
  let product: Product;
  let anna: Person;
  let domain: string;

  const mail = async (to: string, kind: string, nth = 1): Promise<Json> => {
    const { items } = await until(
      () => product.nobody.get(`/sandbox/mail?to=${encodeURIComponent(to)}&kind=${kind}`),
      (answer) => answer.items.length >= nth,
    );
    return items[items.length - nth];
  };
  const tokenOf = ({ links }: Json): string => new URL(links[0]).searchParams.get('token') ?? '';
  const advance = (milliseconds: number): Promise<Json> =>
    product.nobody.post('/sandbox/clock/advance', { milliseconds });
  const now = async (): Promise<number> => Date.parse((await product.nobody.get('/sandbox/clock')).now);
  const put = (path: string, body: object): Promise<Json> => product.nobody.put(`/sandbox/${path}`, body);

  beforeAll(async () => {
    if (!embedded) throw new Error('no backend');
    product = await Product.start(embedded, {
      sandbox: true,
      rateLimits: true,
      settings: { ORGLEDGER_PENDING_INVITATIONS: '3' },
    });
    domain = product.domain('corporate');
    anna = await product.signUp(`anna@${domain}`, { verified: false });
  });
  afterAll(() => product.stop());

  it('neither the sandbox nor operations know a dry run: it is refused, and does nothing', async () => {
    const before = await now();
    for (const [method, path, body] of [
      ['PUT', '/sandbox/dns/name/TXT', { fault: 'timeout' }],
      ['DELETE', '/sandbox/dns/name/TXT', undefined],
      ['PUT', '/sandbox/https/host', { fault: 'timeout' }],
      ['DELETE', '/sandbox/https/host', undefined],
      ['POST', '/sandbox/clock/advance', { milliseconds: DAY }],
      ['POST', '/v1/operations/projections/users/rebuild', undefined],
      ['POST', '/v1/operations/parked/one/retry', undefined],
    ] as const) {
      const dry = `${path}?dryRun=true`;
      const refused = await product.operator.refused(400, 'validation_failed', method, dry, { body });
      expect([path, refused.errors]).toMatchObject([path, [{ code: 'dry_run_not_available' }]]);
    }
    expect((await now()) - before).toBeLessThan(DAY);
  });

  it('keeps mail: the verification is found by address and kind', async () => {
    const found = await mail(anna.email, 'email_verification');
    expect(found).toMatchObject({
      kind: 'email_verification',
      to: anna.email,
      subject: expect.any(String),
      text: expect.stringContaining(found.links[0]),
      html: expect.any(String),
    });
    await product.nobody.post('/v1/email-verifications/complete', { token: tokenOf(found) });
    expect((await anna.call.get('/v1/me')).emailVerified).toBe(true);
  });

  it('DOM-08: a file over HTTPS proves a domain, a record in the zone does too', async () => {
    const added = await anna.call.post(anna.path('/domains'), { domain, method: 'https_file' });
    const verify = () => anna.call.post(anna.path(`/domains/${added.domainId}/verify`));
    expect((await verify()).status).toBe('pending');
    for (const fault of ['tls', 'error_500', 'timeout']) {
      await put(`https/${domain}`, { fault });
      expect((await verify()).status).toBe('pending');
    }
    const { pathname } = new URL(added.file.url);
    await put(`https/${domain}`, { path: pathname, content: 'something else' });
    expect((await verify()).status).toBe('pending');
    await put(`https/${domain}`, { path: pathname, content: added.file.content });
    expect((await verify()).status).toBe('verified');
    const other = await anna.call.post(anna.path('/domains'), {
      domain: product.domain('zone'),
      method: 'dns_txt',
    });
    const record = `dns/${other.dnsRecord.host}/TXT`;
    const look = () => anna.call.post(anna.path(`/domains/${other.domainId}/verify`));
    for (const fault of ['servfail', 'timeout']) {
      await put(record, { fault });
      expect((await look()).status).toBe('pending');
    }
    await put(record, { values: [other.dnsRecord.value] });
    expect((await look()).status).toBe('verified');
    await product.nobody.expecting([204], 'DELETE', `/sandbox/${record}`);
    expect((await look()).status).toBe('unvalidated');
  });

  it('P15: a record or a fault, a file or a fault: neither and both are refused, naming the field', async () => {
    for (const [path, field, given] of [
      [`dns/${domain}/TXT`, 'values', { values: [], fault: 'servfail' }],
      [`https/${domain}`, 'content', { content: '', fault: 'tls' }],
    ] as const)
      for (const body of [{}, given]) {
        const refused = await product.nobody.refused(400, 'validation_failed', 'PUT', `/sandbox/${path}`, {
          body,
        });
        expect(refused.errors).toMatchObject([{ field, code: 'one_of_two' }]);
      }
  });

  it('INV-04 INV-07 ERR-04 AMB-08 AMB-09: after seven days a link is dead and its place free; sending again revives it', async () => {
    const invited: Json[] = [];
    for (const name of ['one', 'two', 'three']) invited.push(await product.invite(anna, `${name}@${domain}`));
    const full = { body: { email: `four@${domain}`, role: 'standard_user' } };
    await anna.call.refused(422, 'pending_invitations_limit', 'POST', anna.path('/invitations'), full);
    const token = tokenOf(await mail(`one@${domain}`, 'invitation'));
    await advance(7 * DAY - 60_000);
    anna = { ...anna, ...(await product.signIn(anna.email)) };
    await product.nobody.get(`/v1/invitations/by-token?token=${token}`);
    await advance(60_001);
    const newcomer = { token, password, givenName: 'One', familyName: 'Late' };
    await product.nobody.refused(
      404,
      'invitation_link_invalid',
      'GET',
      `/v1/invitations/by-token?token=${token}`,
    );
    await product.nobody.refused(404, 'invitation_link_invalid', 'POST', '/v1/invitations/accept', {
      body: newcomer,
    });
    await product.nobody.refused(404, 'invitation_link_invalid', 'POST', '/v1/invitations/decline', {
      body: { token },
    });
    const expired = await anna.call.get(anna.path('/invitations?status=expired&sort=email'));
    expect(expired.items.map(({ email }: Json) => email)).toEqual(
      ['one', 'three', 'two'].map((name) => `${name}@${domain}`),
    );
    expect(expired.total).toBe(3);
    expect(await anna.call.get(anna.path('/users?kind=pending'))).toMatchObject({ items: [], total: 0 });
    await product.invite(anna, `four@${domain}`);
    const [first] = invited;
    const resent = await anna.call.post(anna.path(`/invitations/${first.invitationId}/resend`));
    expect(Date.parse(resent.expiresAt)).toBeGreaterThan((await now()) + 6 * DAY);
    const fresh = tokenOf(await mail(`one@${domain}`, 'invitation', 2));
    expect(fresh).not.toBe(token);
    const accepted = await product.nobody.post('/v1/invitations/accept', { ...newcomer, token: fresh });
    expect(
      await anna.call.get(anna.path(`/users/${accepted.userId}?${at(accepted.position)}`)),
    ).toMatchObject({ kind: 'managed' });
  });

  it('INV-05: an expired invitation is not revived beside a newer one to the same address', async () => {
    const first = await product.invite(anna, `five@${domain}`);
    await advance(7 * DAY);
    anna = { ...anna, ...(await product.signIn(anna.email)) };
    await product.invite(anna, `five@${domain}`);
    await anna.call.refused(
      409,
      'invitation_already_pending',
      'POST',
      anna.path(`/invitations/${first.invitationId}/resend`),
    );
  });

  it('a list as of a time shows the whole of what one command did', async () => {
    await product.invite(anna, `six@${domain}`);
    const token = tokenOf(await mail(`six@${domain}`, 'invitation'));
    await product.nobody.post('/v1/invitations/accept', {
      token,
      password,
      givenName: 'Six',
      familyName: 'Hill',
    });
    const then = new Date(await now()).toISOString();
    await advance(1_000);
    const members = await anna.call.get(anna.path(`/users?kind=managed&asOf=${then}`));
    expect(members.items.map(({ email }: Json) => email)).toContain(`six@${domain}`);
    expect(members.total).toBe(members.items.length);
  });

  it('a session ends after twelve idle hours, and after thirty days in any case', async () => {
    const { call } = await product.signIn(anna.email);
    await advance(12 * HOUR - 60_000);
    await call.get('/v1/me');
    await advance(12 * HOUR - 60_000);
    await call.get('/v1/me');
    await advance(12 * HOUR + 60_000);
    await call.refused(401, 'unauthenticated', 'GET', '/v1/me');
    const busy = await product.signIn(anna.email);
    for (let hours = 0; hours < 30 * 24 - 11; hours += 11) {
      await advance(11 * HOUR);
      if (hours + 11 < 30 * 24) await busy.call.get('/v1/me');
    }
    await advance(11 * HOUR);
    await busy.call.refused(401, 'unauthenticated', 'GET', '/v1/me');
    anna = { ...anna, ...(await product.signIn(anna.email)) };
  });

  it('limits of guessing follow the clock', async () => {
    const guess = () =>
      product.nobody.send('POST', '/v1/sessions', {
        body: { email: anna.email, password: 'not the one, sorry' },
      });
    for (let count = 0; count < 10; count++) expect((await guess()).status).toBe(401);
    expect((await guess()).status).toBe(429);
    await advance(15 * 60_000 + 1);
    await product.signIn(anna.email);
  });

  it('time only goes forward, and what the sandbox keeps survives a restart', async () => {
    for (const milliseconds of [0, -1]) {
      const body = { milliseconds };
      await product.nobody.refused(422, 'clock_cannot_go_back', 'POST', '/sandbox/clock/advance', { body });
    }
    const before = await now();
    const letters = (await product.nobody.get('/sandbox/mail')).items;
    await product.restart();
    expect(await now()).toBeGreaterThanOrEqual(before);
    expect((await product.nobody.get('/sandbox/mail')).items).toEqual(letters);
    const [{ domainId }] = (await anna.call.get(anna.path(`/domains?search=${domain}`))).items;
    expect((await anna.call.post(anna.path(`/domains/${domainId}/verify`))).status).toBe('verified');
  });
});

describe('beside real servers', () => {
  it('there is no sandbox', async () => {
    if (!embedded) throw new Error('no backend');
    const product = await Product.start(embedded);
    try {
      await product.nobody.refused(404, 'not_found', 'GET', '/sandbox/mail');
      await product.nobody.refused(404, 'not_found', 'POST', '/sandbox/clock/advance', {
        body: { milliseconds: 1 },
      });
    } finally {
      await product.stop();
    }
  });
});
