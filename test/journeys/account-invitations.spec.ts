import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Caller, Json } from '../support/caller.ts';
import { at, backends, type Person, Product, password } from '../support/product.ts';

const accept = '/v1/invitations/accept';

describe.each(backends)('invitations to accounts on $name', (backend) => {
  let product: Product;
  let anna: Person;
  /** Standard User of the organization, Administrator of the account. */
  let bob: Person;
  let eve: Person;
  let account: string;

  beforeAll(async () => {
    product = await Product.start(backend, { settings: { ORGLEDGER_PENDING_INVITATIONS: '5' } });
    const domain = product.domain('corporate');
    anna = await product.signUp(`anna@${domain}`);
    await product.verifiedDomain(anna, domain);
    bob = await product.join(anna, `bob@${domain}`);
    eve = await product.signUp(`eve@${product.domain('elsewhere')}`);
    account = `/v1/accounts/${anna.accountId}`;
    await anna.call.put(`${account}/users/${bob.userId}/roles`, { roles: ['administrator'] });
  });
  afterAll(() => product.stop());

  const colleague = (name: string) => `${name}@${product.domain('corporate')}`;
  const outsider = (name: string) => `${name}@${product.domain('outside')}`;
  const invite = (by: Caller, email: string, roles = ['developer'], path = account): Promise<Json> =>
    by.post(`${path}/invitations`, { email, roles });
  const comesIn = async (email: string, nth = 1): Promise<Json> =>
    product.nobody.post(accept, {
      token: await product.token(email, nth),
      password,
      givenName: 'Olga',
      familyName: 'Out',
    });
  const refused = (by: Caller, status: number, code: string, body: object, path = account) =>
    by.refused(status, code, 'POST', `${path}/invitations`, { body });

  it('INV-02 ROL-02: a managed user of the organization gets access at once', async () => {
    const carol = await product.join(anna, colleague('carol'));
    const dry = await anna.call.post(`${account}/invitations?dryRun=true`, {
      email: carol.email,
      roles: ['support'],
    });
    const receipt = await invite(anna.call, carol.email, ['support', 'developer']);
    expect(receipt).toMatchObject({
      granted: true,
      userId: carol.userId,
      accountId: anna.accountId,
      roles: ['developer', 'support'],
    });
    expect(dry.events.map(({ type }: Json) => type)).toEqual(receipt.events.map(({ type }: Json) => type));
    await refused(anna.call, 409, 'already_member', { email: carol.email, roles: ['support'] });
    const users = await anna.call.get(`${account}/users?role=support&${at(receipt.position)}`);
    expect(users.items).toMatchObject([{ email: carol.email, kind: 'managed' }]);
  });

  it('INV-02 INV-03 USR-02 AMB-27: a stranger is mailed, accepts, and is independent: of no organization', async () => {
    const email = outsider('olga');
    const sent = await invite(bob.call, email, ['billing_manager']);
    expect(sent).toMatchObject({ granted: false, kind: 'new_user', status: 'pending' });
    expect((await anna.call.get(`${account}/users`)).items.map((user: Json) => user.email)).not.toContain(
      email,
    );
    expect((await anna.call.get(anna.path('/users?search=olga'))).total).toBe(0);
    const shown = await product.nobody.get(`/v1/invitations/by-token?token=${await product.token(email)}`);
    expect(shown).toMatchObject({
      organizationName: null,
      role: null,
      accounts: [{ accountId: anna.accountId, name: 'First account', roles: ['billing_manager'] }],
    });
    const accepted = await comesIn(email);
    const { call } = await product.signIn(email);
    expect(await call.get('/v1/me')).toMatchObject({
      userId: sent.userId,
      organizationId: null,
      emailVerified: true,
    });
    expect(await call.get(account)).toMatchObject({ kind: 'managed', ownerId: anna.userId });
    await call.refused(403, 'forbidden', 'GET', `${account}/users`);
    const independent = await anna.call.get(anna.path(`/users?kind=independent&${at(accepted.position)}`));
    expect(independent.items).toEqual([
      expect.objectContaining({
        userId: sent.userId,
        email,
        givenName: 'Olga',
        role: null,
        accounts: 1,
        accountIds: [anna.accountId],
      }),
    ]);
    expect((await anna.call.get(anna.path('/summary'))).users).toMatchObject({ independent: 1 });
    await refused(bob.call, 409, 'already_member', { email, roles: ['support'] });
  });

  it('USR-02 USR-14: an independent user who is removed from their last account is in no list any more', async () => {
    const [olga] = (await anna.call.get(anna.path('/users?kind=independent'))).items;
    const removed = await bob.call.post(`${account}/users/${olga.userId}/remove`);
    const left = await anna.call.get(anna.path(`/users?kind=independent&${at(removed.position)}`));
    expect(left.total).toBe(0);
    expect((await product.signIn(olga.email)).token).toEqual(expect.any(String));
  });

  it('INV-02: somebody of another organization is invited, signs in and accepts; both stay where they are', async () => {
    const sent = await invite(anna.call, eve.email, ['support']);
    expect(sent.kind).toBe('existing_user');
    const token = await product.token(eve.email, 2);
    await product.nobody.refused(401, 'unauthenticated', 'POST', accept, { body: { token } });
    await bob.call.refused(404, 'invitation_link_invalid', 'POST', accept, { body: { token } });
    const accepted = await eve.call.post(accept, { token });
    expect(await eve.call.get('/v1/me')).toMatchObject({ organizationId: eve.organizationId });
    const list = await anna.call.get(anna.path(`/users?accountId=${anna.accountId}&kind=independent`));
    expect(list.items).toMatchObject([{ userId: eve.userId, accountIds: [anna.accountId] }]);
    expect((await eve.call.post(accept, { token })).events).toEqual(accepted.events);
  });

  it('USR-02: another name or address of somebody who is managed elsewhere reaches every list that shows them', async () => {
    const domain = product.domain('managing');
    const mona = await product.signUp(`mona@${domain}`);
    await product.verifiedDomain(mona, domain);
    const gil = await product.join(mona, `gil@${domain}`);
    await invite(anna.call, gil.email, ['support']);
    await gil.call.post(accept, { token: await product.token(gil.email, 2) });
    const renamed = await mona.call.patch(mona.path(`/users/${gil.userId}`), { familyName: 'Zappelfisch' });
    const seen = async (position: string, search: string): Promise<Json[]> =>
      Promise.all(
        [anna.path('/users'), `${account}/users`].map(async (list) =>
          (await anna.call.get(`${list}?search=${search}&${at(position)}`)).items.map(
            ({ userId, email, familyName }: Json) => ({ userId, email, familyName }),
          ),
        ),
      );
    const { userId, email } = gil;
    const found = [{ userId, email, familyName: 'Zappelfisch' }];
    expect(await seen(renamed.position, 'zapp')).toEqual([found, found]);
    const next = `gilbert@${domain}`;
    const moved = await mona.call.put(mona.path(`/users/${userId}/email`), { email: next });
    const again = [{ userId, email: next, familyName: 'Zappelfisch' }];
    expect(await seen(moved.position, 'gilbert')).toEqual([again, again]);
    expect(await seen(moved.position, 'gil@')).toEqual([[], []]);
    const removed = await anna.call.post(`${account}/users/${userId}/remove`);
    const after = await mona.call.patch(mona.path(`/users/${userId}`), { familyName: 'Zeppelin' });
    expect(Number(removed.position)).toBeLessThan(Number(after.position));
    expect(await seen(after.position, 'zepp')).toEqual([[], []]);
  });

  it('AMB-03 P10: whom two organizations have invited becomes known to the one that they come to', async () => {
    const email = outsider('both');
    const { userId } = await invite(anna.call, email);
    const [pending] = (await anna.call.get(`${account}/invitations?search=both`)).items;
    expect(pending.userId).toBe(userId);
    await product.token(email);
    await invite(eve.call, email, ['support'], `/v1/accounts/${eve.accountId}`);
    await comesIn(email, 2);
    const told = await anna.call.all(anna.path(`/audit-events?userId=${userId}`));
    expect(told.map(({ type }: Json) => type).toSorted()).toEqual(['InviteSent', 'UserRegistered']);
  });

  it('INV-09 ROL-06 ROL-04 ROL-09 AMB-19: who may invite, and with which roles', async () => {
    const body = { email: outsider('nobody'), roles: ['support'] };
    await refused(eve.call, 403, 'forbidden', body);
    await refused(product.nobody.as('x'), 401, 'unauthenticated', body);
    await refused(
      eve.call,
      404,
      'not_found',
      body,
      `/v1/accounts/${bob.accountId ?? `acc_${'0'.repeat(32)}`}`,
    );
    await refused(anna.call, 422, 'owner_role_by_transfer_only', { ...body, roles: ['owner'] });
    await refused(anna.call, 422, 'role_combination_invalid', {
      ...body,
      roles: ['administrator', 'support'],
    });
    await refused(anna.call, 422, 'role_combination_invalid', { ...body, roles: [] });
    await refused(anna.call, 400, 'validation_failed', { ...body, roles: ['king'] });
  });

  it('ERR-01 DOM-21: an Administrator of the account does not invite an address of the organization: its sentence and remedies', async () => {
    const body = { email: colleague('dora'), roles: ['developer'] };
    const { detail } = await refused(bob.call, 422, 'invite_through_organization', body);
    expect(detail).toBe(
      'This user cannot be invited to this account. Please reach out to your Organization administrator to invite this user.',
    );
    expect((await invite(bob.call, outsider('dora'))).kind).toBe('new_user');
    const { accountId } = anna;
    await anna.call.post(anna.path('/invitations'), {
      email: body.email,
      role: 'standard_user',
      accounts: [{ accountId, roles: ['developer'] }],
    });
    await comesIn(body.email);
    const { items } = await anna.call.get(`${account}/users?search=dora`);
    expect(items).toMatchObject([{ email: body.email, kind: 'managed', roles: ['developer'] }]);
  });

  it('ERR-02 AMB-29: nobody invites an address whose domain another organization manages: its sentence and remedies', async () => {
    const domain = product.domain('managed');
    const frank = await product.signUp(`frank@${domain}`);
    await product.verifiedDomain(frank, domain);
    const body = { email: `gil@${domain}`, roles: ['developer'] };
    for (const by of [anna, bob])
      expect((await refused(by.call, 422, 'domain_managed_elsewhere', body)).detail).toBe(
        "This user can't be invited to this account because their domain is managed by an Organization",
      );
    const gil = await product.join(frank, body.email);
    const sent = await invite(bob.call, gil.email);
    await gil.call.post(accept, { token: await product.token(gil.email, 2) });
    expect(await gil.call.get('/v1/me')).toMatchObject({ organizationId: frank.organizationId });
    const { items } = await anna.call.get(`${account}/users?search=gil`);
    expect(items).toMatchObject([{ userId: sent.userId, kind: 'independent' }]);
    const policy = (value: string) => frank.call.put(frank.path('/sign-up-policy'), { policy: value });
    await policy('outside');
    const guests = [await invite(bob.call, `hal@${domain}`)];
    await policy('invite_only');
    guests.push(await invite(bob.call, outsider('hal')));
    expect(guests).toMatchObject([{ kind: 'new_user' }, { kind: 'new_user' }]);
    for (const { invitationId } of guests)
      await bob.call.post(`${account}/invitations/${invitationId}/cancel`);
  });

  it('ERR-02 ERR-01: the account comes to the organization that manages the domain, which then invites to it', async () => {
    const domain = product.domain('adding');
    const frank = await product.signUp(`frank@${domain}`);
    await product.verifiedDomain(frank, domain);
    const lia = await product.join(frank, `lia@${domain}`);
    const { accountId } = await lia.call.post(frank.path('/accounts'), { name: 'Of Lia' });
    const leave = frank.path(`/users/${lia.userId}/remove`);
    const { required } = await frank.call.refused(422, 'acknowledgements_required', 'POST', leave);
    await frank.call.post(leave, {
      acknowledgements: required.map(({ code }: Json) => code),
      accountOwners: { [accountId]: lia.userId },
    });
    const own = `/v1/accounts/${accountId}`;
    const body = { email: `max@${domain}`, roles: ['support'] };
    await refused(lia.call, 422, 'domain_managed_elsewhere', body, own);
    const { additionId } = await frank.call.post(frank.path('/account-additions'), {
      accountId,
      kind: 'managed',
    });
    await lia.call.post(`/v1/account-additions/${additionId}/confirm`);
    await refused(lia.call, 422, 'invite_through_organization', body, own);
    await invite(frank.call, body.email, body.roles, own);
    await comesIn(body.email);
    const { items } = await frank.call.get(`${own}/users?search=max`);
    expect(items).toMatchObject([{ email: body.email, kind: 'managed', roles: ['support'] }]);
  });

  it('USR-10: a deleted person loses access in every organization, and is independent nowhere', async () => {
    const domain = product.domain('deleting');
    const frida = await product.signUp(`frida@${domain}`);
    await product.verifiedDomain(frida, domain);
    const hugo = await product.join(frida, `hugo@${domain}`);
    await invite(bob.call, hugo.email);
    await hugo.call.post(accept, { token: await product.token(hugo.email, 2) });
    expect((await anna.call.get(anna.path('/users?kind=independent&search=hugo'))).total).toBe(1);
    const path = frida.path(`/users/${hugo.userId}/delete`);
    const { required } = await frida.call.refused(422, 'acknowledgements_required', 'POST', path);
    await frida.call.post(path, { acknowledgements: required.map(({ code }: Json) => code) });
    expect((await anna.call.get(`${account}/users`)).items.map(({ userId }: Json) => userId)).not.toContain(
      hugo.userId,
    );
    await anna.call.refused(404, 'not_found', 'GET', anna.path(`/users/${hugo.userId}`));
    const [revoked] = (
      await anna.call.get(anna.path(`/audit-events?type=AccountAccessRevoked&userId=${hugo.userId}`))
    ).items;
    expect(revoked.data.cause).toEqual({ type: 'user_removed_from_organization', id: hugo.userId });
  });

  it('ERR-01 DOM-21 AMB-29: under auto_join the invitee joins and gets the access, under outside they become independent', async () => {
    const policy = (value: string) => anna.call.put(anna.path('/sign-up-policy'), { policy: value });
    const usersOf = async (search: string) =>
      (await anna.call.get(`${account}/users?search=${search}`)).items.map(({ kind }: Json) => kind);
    await policy('outside');
    await invite(bob.call, colleague('outi'));
    await comesIn(colleague('outi'));
    expect(await usersOf('outi')).toEqual(['independent']);
    await policy('auto_join');
    const dry = await bob.call.post(`${account}/invitations?dryRun=true`, {
      email: colleague('auto'),
      roles: ['support'],
    });
    expect(dry.events).toMatchObject([{ data: { role: null, joinsOrganizationId: anna.organizationId } }]);
    await invite(bob.call, colleague('auto'));
    const token = await product.token(colleague('auto'));
    expect(await product.nobody.get(`/v1/invitations/by-token?token=${token}`)).toMatchObject({
      organizationName: 'My organization',
      role: 'standard_user',
    });
    await comesIn(colleague('auto'));
    expect(await usersOf('auto')).toEqual(['managed']);
    await policy('invite_only');
    await refused(bob.call, 422, 'invite_through_organization', {
      email: colleague('again'),
      roles: ['developer'],
    });
  });

  it('AMB-29 INV-13: an Administrator of the organization who invites one of its addresses invites to both at once', async () => {
    const email = colleague('hana');
    const sent = await invite(anna.call, email, ['support']);
    expect(sent).toMatchObject({
      kind: 'new_user',
      accounts: [{ accountId: anna.accountId, roles: ['support'] }],
    });
    // As of one position: the mail server's word may come between two readings.
    const query = `/invitations?status=pending&search=hana&asOf=${sent.position}`;
    const listed = await anna.call.get(account + query);
    expect(listed.items).toMatchObject([{ invitationId: sent.invitationId }]);
    expect(listed.items).toEqual((await anna.call.get(anna.path(query))).items);
    await refused(anna.call, 409, 'invitation_already_pending', { email, roles: ['support'] });
    const shown = await product.nobody.get(`/v1/invitations/by-token?token=${await product.token(email)}`);
    expect(shown).toMatchObject({
      organizationName: 'My organization',
      role: 'standard_user',
      accounts: [{}],
    });
    await comesIn(email);
    const { items } = await anna.call.get(`${account}/users?search=hana`);
    expect(items).toMatchObject([{ kind: 'managed', roles: ['support'] }]);
  });

  it('INV-13: one invitation names several accounts; foreign, closed or doubly named ones are refused', async () => {
    const second = await anna.call.post(anna.path('/accounts'), { name: 'Second' });
    const send = (accounts: object[]) => ({
      body: { email: colleague('ida'), role: 'standard_user', accounts },
    });
    const path = anna.path('/invitations');
    const grant = (accountId: string, roles = ['developer']) => ({ accountId, roles });
    await anna.call.refused(422, 'account_unknown', 'POST', path, send([grant(eve.accountId)]));
    await anna.call.refused(422, 'account_unknown', 'POST', path, send([grant(`acc_${'0'.repeat(32)}`)]));
    await anna.call.refused(
      422,
      'account_named_twice',
      'POST',
      path,
      send([grant(anna.accountId), grant(anna.accountId)]),
    );
    await anna.call.refused(
      422,
      'role_combination_invalid',
      'POST',
      path,
      send([grant(anna.accountId, ['administrator', 'support'])]),
    );
    await anna.call.post(
      path,
      send([grant(anna.accountId), grant(second.accountId, ['administrator'])]).body,
    );
    const accepted = await comesIn(colleague('ida'));
    const his = await anna.call.get(anna.path(`/users/${accepted.userId}/accounts`));
    expect(his.items.map(({ name, roles }: Json) => [name, roles]).sort()).toEqual([
      ['First account', ['developer']],
      ['Second', ['administrator']],
    ]);
  });

  it('AMB-03 P3: accounts that invite one new address at once invite one person', async () => {
    const accounts = await Promise.all(
      Array.from({ length: 6 }, (_, n) => anna.call.post(anna.path('/accounts'), { name: `Race ${n}` })),
    );
    for (let round = 0; round < 3; round += 1) {
      const sent = await Promise.all(
        accounts.map(({ accountId }: Json) =>
          invite(anna.call, outsider(`race${round}`), ['support'], `/v1/accounts/${accountId}`),
        ),
      );
      expect(new Set(sent.map(({ userId }) => userId)).size).toBe(1);
    }
  });

  it('P3: what names a revision of something that is not there yet is refused and leaves nothing behind', async () => {
    const late = { 'if-match': '"3"' };
    const created = async (path: string, body: object, by = anna.call) => {
      await by.with(late).refused(412, 'revision_conflict', 'POST', path, { body });
      await by.post(path, body);
    };
    await created(`${account}/invitations`, { email: outsider('later'), roles: ['support'] });
    await created(anna.path('/invitations'), { email: colleague('later'), role: 'standard_user' });
    await created(anna.path('/account-additions'), { accountId: eve.accountId, kind: 'independent' });
    await created(anna.path('/domains'), { domain: product.domain('later'), method: 'dns_txt' });
    const names = { givenName: 'Lu', familyName: 'Ray', password };
    await created('/v1/sign-ups', { email: `lu@${product.domain('lu')}`, ...names }, product.nobody);
  });

  it('INV-04 INV-05 INV-06 ERR-04: sent again, cancelled; dead links say so', async () => {
    const email = outsider('jan');
    const { invitationId } = await invite(bob.call, email);
    const token = await product.token(email);
    await bob.call.post(`${account}/invitations/${invitationId}/resend`);
    const first = { body: { token, password, givenName: 'J', familyName: 'J' } };
    const dead = await product.nobody.refused(404, 'invitation_link_invalid', 'POST', accept, first);
    expect(dead.detail).toBe('This invitation link is Invalid.');
    const cancelled = await bob.call.post(`${account}/invitations/${invitationId}/cancel`);
    expect(
      await bob.call.get(`${account}/invitations/${invitationId}?${at(cancelled.position)}`),
    ).toMatchObject({ status: 'cancelled', timesSent: 2, role: null, accountId: anna.accountId });
    await eve.call.refused(403, 'forbidden', 'GET', `${account}/invitations/${invitationId}`);
  });

  it('ERR-03 AMB-09: the cap is one per account, apart from that of the organization', async () => {
    const { accountId } = await anna.call.post(anna.path('/accounts'), { name: 'Crowded' });
    const path = `/v1/accounts/${accountId}`;
    const replies = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        anna.call.send('POST', `${path}/invitations`, {
          body: { email: outsider(`many${n}`), roles: ['support'] },
        }),
      ),
    );
    expect(replies.filter(({ status }) => status === 201)).toHaveLength(5);
    for (const { status, body } of replies)
      if (status !== 201)
        expect(body).toMatchObject({
          code: 'pending_invitations_limit',
          detail: 'Unable to perform operation. Please try again or visit our help center for assistance.',
        });
    await product.invite(anna, colleague('free'));
    const { required } = await anna.call.refused(422, 'acknowledgements_required', 'POST', `${path}/close`);
    const closed = await anna.call.post(`${path}/close`, {
      acknowledgements: required.map(({ code }: Json) => code),
    });
    const pending = await anna.call.get(`${path}/invitations?status=pending&${at(closed.position)}`);
    expect(pending.total).toBe(0);
  });
});
