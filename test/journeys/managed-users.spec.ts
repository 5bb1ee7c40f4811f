import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Json } from '../support/caller.ts';
import { backends, type Person, Product, password } from '../support/product.ts';

describe.each(backends)('managed users on $name', (backend) => {
  let product: Product;
  let domain: string;
  let anna: Person;
  let bob: Person;
  let carol: Person;

  beforeAll(async () => {
    product = await Product.start(backend);
    domain = product.domain('corporate');
    anna = await product.signUp(`anna@${domain}`);
    await product.verifiedDomain(anna, domain);
    [bob, carol] = [
      await product.join(anna, `bob@${domain}`),
      await product.join(anna, `carol@${domain}`, 'administrator'),
    ];
  });
  afterAll(() => product.stop());

  const path = (person: Person, rest = '') => anna.path(`/users/${person.userId}${rest}`);
  const seen = (person: Person) => anna.call.get(path(person));
  const found = async (query: string): Promise<string[]> =>
    (await anna.call.all(anna.path(`/users?${query}`))).map(({ userId }: Json) => userId);

  it('USR-01 USR-06 USR-15 AMB-24: a role is changed, listed, and counts for the session at once', async () => {
    await bob.call.refused(403, 'forbidden', 'GET', anna.path('/users'));
    const receipt = await carol.call.put(path(bob, '/role'), { role: 'administrator' });
    expect(receipt).toMatchObject({ userId: bob.userId, role: 'administrator' });
    await bob.call.get(anna.path('/users'));
    expect(await found('role=administrator')).toEqual([bob.userId, carol.userId]);
    const again = await carol.call.put(path(bob, '/role'), { role: 'administrator' });
    expect(again.events).toEqual([]);
    await carol.call.put(path(bob, '/role'), { role: 'standard_user' });
    await bob.call.refused(403, 'forbidden', 'PUT', path(carol, '/role'), {
      body: { role: 'standard_user' },
    });
  });

  it('ROL-04: nobody becomes Owner and the Owner becomes nothing else by a role', async () => {
    const refused = (person: Person, role: string) =>
      carol.call.refused(422, 'owner_role_by_transfer_only', 'PUT', path(person, '/role'), {
        body: { role },
      });
    await refused(bob, 'owner');
    await refused(anna, 'administrator');
    await carol.call.refused(400, 'validation_failed', 'PUT', path(bob, '/role'), {
      body: { role: 'member' },
    });
  });

  it('USR-07 LV-1: two-factor sign-in is required, shown and found by it', async () => {
    await carol.call.put(path(bob, '/two-factor-requirement'), { required: true });
    expect(await seen(bob)).toMatchObject({ twoFactorRequired: true });
    expect(await found('twoFactorRequired=true')).toEqual([bob.userId]);
    await carol.call.refused(403, 'forbidden', 'PUT', path(anna, '/two-factor-requirement'), {
      body: { required: true },
    });
    await carol.call.put(path(bob, '/two-factor-requirement'), { required: false });
    expect(await found('twoFactorRequired=true')).toEqual([]);
  });

  it('AMB-16 AMB-24 LV-1: a deactivated person is out at once and signs in like with a wrong password', async () => {
    const dan = await product.join(anna, `dan@${domain}`);
    const wrong = await product.nobody.send('POST', '/v1/sessions', {
      body: { email: dan.email, password: 'another quiet river 9' },
    });
    expect((await carol.call.post(path(dan, '/deactivate'))).status).toBe('deactivated');
    expect((await dan.call.send('GET', '/v1/me')).status).toBe(401);
    const right = await product.nobody.send('POST', '/v1/sessions', { body: { email: dan.email, password } });
    expect({ ...right.body, requestId: '' }).toEqual({ ...wrong.body, requestId: '' });
    expect(await found('status=deactivated')).toEqual([dan.userId]);
    await carol.call.post(path(dan, '/reactivate'));
    expect(await found('status=deactivated')).toEqual([]);
    expect((await dan.call.send('GET', '/v1/me')).status).toBe(401);
    expect((await product.signIn(dan.email)).token).toEqual(expect.any(String));
    await carol.call.refused(409, 'owner_not_removable', 'POST', path(anna, '/deactivate'));
  });

  it('AMB-17: another address of a verified domain, which is claimed, and proved by a link', async () => {
    const eve = await product.join(anna, `eve@${domain}`);
    const refused = (status: number, code: string, email: string) =>
      carol.call.refused(status, code, 'PUT', path(eve, '/email'), { body: { email } });
    await refused(422, 'domain_unverified', `eve@${product.domain('elsewhere')}`);
    await refused(409, 'email_taken', bob.email);
    await refused(400, 'validation_failed', 'eve');
    const email = `eve.ray@${domain}`;
    await carol.call.put(path(eve, '/email'), { email });
    expect(await seen(eve)).toMatchObject({ email, emailVerified: false });
    await eve.call.refused(403, 'email_unverified', 'POST', eve.path('/accounts'), { body: { name: 'x' } });
    await product.nobody.refused(401, 'sign_in_failed', 'POST', '/v1/sessions', {
      body: { email: eve.email, password },
    });
    const { call } = await product.signIn(email);
    await product.nobody.post('/v1/email-verifications/complete', { token: await product.token(email) });
    await call.post(eve.path('/accounts'), { name: 'Mine' });
    expect(await seen(eve)).toMatchObject({ email, emailVerified: true });
    expect((await product.invite(anna, eve.email)).kind).toBe('new_user');
  });

  it('AMB-17 P4: an address that was given up and taken again at once is still nobody else’s', async () => {
    const ida = await product.join(anna, `ida@${domain}`);
    const change = (email: string) => carol.call.put(path(ida, '/email'), { email });
    await anna.call.put(anna.path('/sign-up-policy'), { policy: 'outside' });
    for (let round = 0; round < 5; round += 1) {
      await change(`ida${round}@${domain}`);
      await Promise.all([change(`ida.ray@${domain}`), change(`ida${round}@${domain}`)]);
      const { email } = await seen(ida);
      const again = { email, password, givenName: 'Ida', familyName: 'Else' };
      await product.nobody.refused(409, 'email_taken', 'POST', '/v1/sign-ups', { body: again });
      expect((await product.signIn(email)).token).toEqual(expect.any(String));
    }
    await anna.call.put(anna.path('/sign-up-policy'), { policy: 'invite_only' });
  });

  it('AMB-17 INV-03: a link that was mailed to the address before does not prove the one after', async () => {
    const jo = await product.join(anna, `jo@${domain}`);
    const other = await product.signUp(`otto@${product.domain('other')}`);
    const invitations = `/v1/accounts/${other.accountId}/invitations`;
    await other.call.post(invitations, { email: jo.email, roles: ['support'] });
    const token = await product.token(jo.email, 2);
    await carol.call.put(path(jo, '/email'), { email: `jo.ray@${domain}` });
    await jo.call.refused(404, 'invitation_link_invalid', 'POST', '/v1/invitations/accept', {
      body: { token },
    });
    expect(await seen(jo)).toMatchObject({ emailVerified: false });
  });

  it('USR-18: an operator limits how many may join; who accepts beyond that is not let in', async () => {
    const limits = `/v1/operations/organizations/${anna.organizationId}/limits`;
    await product.operator.refused(400, 'validation_failed', 'PUT', limits, { body: { users: 0 } });
    await product.operator.refused(
      404,
      'not_found',
      'PUT',
      `/v1/operations/organizations/org_${'0'.repeat(32)}/limits`,
      { body: { users: 1 } },
    );
    await anna.call.refused(404, 'not_found', 'PUT', limits, { body: { users: 1_000 } });
    const gus = `gus@${domain}`;
    await product.invite(anna, gus);
    const { users } = await anna.call.get(anna.path('/summary'));
    const limited = await product.operator.put(limits, { users: users.managed });
    expect(limited).toMatchObject({
      users: users.managed,
      accounts: null,
    });
    await anna.call.refused(422, 'user_limit_reached', 'POST', anna.path('/invitations'), {
      body: { email: `hal@${domain}`, role: 'standard_user' },
    });
    await product.nobody.refused(422, 'user_limit_reached', 'POST', '/v1/invitations/accept', {
      body: { token: await product.token(gus), password, givenName: 'Gus', familyName: 'Ray' },
    });
    await product.operator.put(limits, { users: null });
    const accepted = await product.nobody.post('/v1/invitations/accept', {
      token: await product.token(gus),
      password,
      givenName: 'Gus',
      familyName: 'Ray',
    });
    expect(await anna.call.get(anna.path(`/users/${accepted.userId}`))).toMatchObject({ kind: 'managed' });
  });

  it('LV-1: users are found by domain, account and kind, and counted', async () => {
    const { accountId } = await bob.call.post(bob.path('/accounts'), { name: 'Of Bob' });
    expect(await found(`accountId=${accountId}`)).toEqual([bob.userId]);
    const before = await product.head();
    await anna.call.put(`/v1/accounts/${accountId}/users/${carol.userId}/roles`, { roles: ['support'] });
    const given = await product.head();
    await anna.call.post(`/v1/accounts/${accountId}/users/${carol.userId}/remove`);
    const both = [bob.userId, carol.userId].sort();
    const then = async (at: unknown) => (await found(`accountId=${accountId}&asOf=${at}`)).sort();
    expect(await found(`accountId=${accountId}`)).toEqual([bob.userId]);
    expect([await then(before), await then(given)]).toEqual([[bob.userId], both]);
    expect(await found(`domain=${domain.toUpperCase()}&role=owner`)).toEqual([anna.userId]);
    const { users } = await anna.call.get(anna.path('/summary'));
    for (const kind of ['managed', 'pending', 'independent']) {
      const page = await anna.call.get(anna.path(`/users?kind=${kind}&limit=1`));
      expect(page.total).toBe(users[kind]);
    }
  });

  it('USR-07: why a field is what it is: every value, the event that made it, who did it and what caused it', async () => {
    const ivy = await product.join(anna, `ivy@${domain}`);
    const before = String(await product.head());
    await carol.call.put(path(ivy, '/role'), { role: 'administrator' });
    const told = await anna.call.get(path(ivy, '/explain?field=role'));
    expect(told).toMatchObject({ userId: ivy.userId, field: 'role', value: 'administrator' });
    expect(told.history.map(({ value }: Json) => value)).toEqual(['administrator', 'standard_user']);
    const [changed, joined] = told.history;
    expect(changed.because).toMatchObject([
      {
        type: 'OrganizationRoleChanged',
        actor: { type: 'user', id: carol.userId },
        changes: [{ field: 'role', previous: 'standard_user', updated: 'administrator' }],
        causationId: null,
        commandId: expect.any(String),
      },
    ]);
    expect(joined.because.map(({ type }: Json) => type)).toEqual(['InviteSent']);
    const kind = await anna.call.get(path(ivy, '/explain?field=kind'));
    expect(kind.history.map(({ value }: Json) => value)).toEqual(['managed', 'pending']);
    expect(kind.history[0].because.map(({ type }: Json) => type)).toEqual([
      'UserJoinedOrg',
      'InviteAccepted',
    ]);
    const then = await anna.call.get(path(ivy, `/explain?field=role&asOf=${before}`));
    expect(then).toMatchObject({ value: 'standard_user', history: [{ value: 'standard_user' }] });
    await anna.call.refused(400, 'validation_failed', 'GET', path(ivy, '/explain?field=words'));
    await bob.call.refused(403, 'forbidden', 'GET', path(ivy, '/explain?field=role'));
    await anna.call.refused(
      404,
      'not_found',
      'GET',
      anna.path(`/users/usr_${'0'.repeat(32)}/explain?field=role`),
    );
  });

  it('USR-07: whatever is shown of somebody can be explained, down to what a person asked for', async () => {
    const una = await product.join(anna, `una@${domain}`);
    await una.call.post(una.path('/accounts'), { name: 'Of Una' });
    const position = String(await product.head());
    const { userId, organizationId, ...shown } = await anna.call.get(`${path(una)}?minPosition=${position}`);
    expect([userId, organizationId, shown.accounts]).toEqual([una.userId, anna.organizationId, 1]);
    for (const [field, value] of Object.entries(shown)) {
      const told = await anna.call.get(path(una, `/explain?field=${field}`));
      expect([field, told.value, told.history[0]?.value]).toEqual([field, value, value]);
      expect([field, told.history[0]?.because.at(-1)?.actor.type]).toEqual([field, 'user']);
    }
  });

  it('If-Match: an older revision of the person is refused before anything else of theirs is weighed', async () => {
    const { headers } = await anna.call.send('GET', path(bob));
    const old = anna.call.with({ 'if-match': headers.get('etag') ?? '' });
    await anna.call.patch(path(bob), { familyName: 'Berg' });
    await old.refused(412, 'revision_conflict', 'PUT', path(bob, '/role'), { body: { role: 'owner' } });
    await old.refused(412, 'revision_conflict', 'POST', path(bob, '/remove'), { body: {} });
  });
});
