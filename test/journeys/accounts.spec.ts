import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Json } from '../support/caller.ts';
import { at, backends, type Person, Product } from '../support/product.ts';

describe.each(backends)('accounts on $name', (backend) => {
  let product: Product;
  let anna: Person;
  let bob: Person;
  let carol: Person;
  let eve: Person;

  beforeAll(async () => {
    product = await Product.start(backend);
    const domain = product.domain('corporate');
    anna = await product.signUp(`anna@${domain}`);
    await product.verifiedDomain(anna, domain);
    [bob, carol] = [
      await product.join(anna, `bob@${domain}`),
      await product.join(anna, `carol@${domain}`, 'administrator'),
    ];
    eve = await product.signUp(`eve@${product.domain('elsewhere')}`);
  });
  afterAll(() => product.stop());

  const create = (by: Person, name: string, ownerId?: string): Promise<Json> =>
    by.call.post(by.path('/accounts'), ownerId ? { name, ownerId } : { name });
  const account = (id: string, rest = '') => `/v1/accounts/${id}${rest}`;
  const seen = (by: Person, id: string) => by.call.get(account(id));
  const rolesOf = async (id: string): Promise<Json> =>
    Object.fromEntries(
      (await anna.call.all(account(id, '/users'))).map(({ userId, roles }: Json) => [userId, roles]),
    );

  it('ORG-08 AMB-25 ROL-03: everybody of the organization creates accounts, a Standard User only for themselves', async () => {
    const own = await create(bob, 'Of Bob');
    expect(own).toMatchObject({ id: own.accountId, ownerId: bob.userId, status: 'active', name: 'Of Bob' });
    expect(await seen(bob, own.accountId)).toEqual({
      accountId: own.accountId,
      organizationId: anna.organizationId,
      name: 'Of Bob',
      kind: 'managed',
      status: 'active',
      ownerId: bob.userId,
      ownerEmail: bob.email,
      users: 1,
      twoFactorRequired: false,
      createdAt: expect.any(String),
    });
    expect((await create(carol, 'For Bob', bob.userId)).ownerId).toBe(bob.userId);
    expect((await create(anna, 'Of Anna')).ownerId).toBe(anna.userId);
    const foreign = { body: { name: 'x', ownerId: anna.userId } };
    await bob.call.refused(403, 'forbidden', 'POST', bob.path('/accounts'), foreign);
    await eve.call.refused(404, 'not_found', 'POST', anna.path('/accounts'), { body: { name: 'x' } });
  });

  it('ACC-03 ACC-08: the Owner is a managed user of the organization: 422 owner_not_managed', async () => {
    for (const ownerId of [eve.userId, `usr_${'0'.repeat(32)}`])
      await anna.call.refused(422, 'owner_not_managed', 'POST', anna.path('/accounts'), {
        body: { name: 'x', ownerId },
      });
    const { accountId } = await create(anna, 'Stays');
    await anna.call.refused(422, 'owner_not_managed', 'POST', account(accountId, '/transfer-ownership'), {
      body: { newOwnerId: eve.userId },
    });
  });

  it('ACC-02 ACC-07: ownership is transferred in one event; the earlier Owner becomes Administrator', async () => {
    const { accountId } = await create(bob, 'Handed on');
    const path = account(accountId, '/transfer-ownership');
    const dry = await bob.call.post(`${path}?dryRun=true`, { newOwnerId: carol.userId });
    const receipt = await bob.call.post(path, { newOwnerId: carol.userId });
    expect(dry.events.map(({ type }: Json) => type)).toEqual(receipt.events.map(({ type }: Json) => type));
    expect(receipt.events).toMatchObject([{ type: 'AccountOwnershipTransferred' }]);
    expect(await seen(anna, accountId)).toMatchObject({
      ownerId: carol.userId,
      ownerEmail: carol.email,
      users: 2,
    });
    expect(await rolesOf(accountId)).toEqual({ [bob.userId]: ['administrator'], [carol.userId]: ['owner'] });
    await bob.call.refused(403, 'forbidden', 'POST', path, { body: { newOwnerId: bob.userId } });
  });

  it('ACC-09 ACC-10 ACK-04: suspended, reactivated, closed; what is closed takes nothing new', async () => {
    const { accountId } = await create(bob, 'Comes and goes');
    await bob.call.refused(403, 'forbidden', 'POST', account(accountId, '/suspend'));
    expect((await carol.call.post(account(accountId, '/suspend'))).status).toBe('suspended');
    await anna.call.refused(409, 'account_suspended', 'PATCH', account(accountId), { body: { name: 'x' } });
    expect((await anna.call.post(account(accountId, '/reactivate'))).status).toBe('active');
    const { required } = await bob.call.refused(
      422,
      'acknowledgements_required',
      'POST',
      account(accountId, '/close'),
    );
    expect(required.map(({ sentence }: Json) => sentence)).toEqual([
      'This account will be closed for everybody who has access to it.',
      'Pending invitations to this account will be cancelled.',
      'This action can not be reversed.',
    ]);
    const acknowledgements = required.map(({ code }: Json) => code);
    const dry = await bob.call.post(account(accountId, '/close?dryRun=true'), { acknowledgements });
    expect(dry.effects[0]).toEqual({
      command: 'FinishClosure',
      resource: { type: 'account', id: accountId },
    });
    const receipt = await bob.call.post(account(accountId, '/close'), { acknowledgements });
    const list = await anna.call.get(anna.path(`/accounts?status=closed&${at(receipt.position)}`));
    expect(list.items.map((item: Json) => item.accountId)).toEqual([accountId]);
    await anna.call.refused(409, 'account_closed', 'POST', account(accountId, '/reactivate'));
    await anna.call.refused(
      409,
      'account_closed',
      'PUT',
      account(accountId, `/users/${carol.userId}/roles`),
      {
        body: { roles: ['support'] },
      },
    );
  });

  it('ACC-12: two-factor sign-in is required by who manages the account, with the ETag of its own stream', async () => {
    const { accountId, revision } = await create(bob, 'Locked');
    const path = account(accountId, '/two-factor-requirement');
    const changed = await bob.call.with({ 'if-match': `"${revision}"` }).put(path, { required: true });
    expect(await seen(anna, accountId)).toMatchObject({ twoFactorRequired: true });
    await anna.call.refused(412, 'revision_conflict', 'PUT', path, {
      body: { required: false },
      headers: { 'if-match': `"${revision}"` },
    });
    const read = await anna.call.send('GET', account(accountId));
    expect(read.headers.get('etag')).toBe(`"${changed.revision}"`);
  });

  it('ROL-02 ROL-05 ROL-06 ROL-07 ROL-10 AMB-19 AMB-20: roles are given, combined, changed and taken', async () => {
    const { accountId } = await create(anna, 'Roles');
    const path = account(accountId, `/users/${bob.userId}/roles`);
    const put = (roles: string[], more: object = {}) => anna.call.put(path, { roles, ...more });
    const refused = (code: string, roles: string[]) =>
      anna.call.refused(422, code, 'PUT', path, { body: { roles } });
    await refused('role_combination_invalid', ['administrator', 'developer']);
    await refused('role_combination_invalid', []);
    await refused('owner_role_by_transfer_only', ['owner']);
    expect((await put(['support', 'developer'])).roles).toEqual(['developer', 'support']);
    expect((await put(['administrator'])).roles).toEqual(['administrator']);
    await refused('administrator_downgrade_unconfirmed', ['support']);
    expect((await put(['support'], { confirmAdministratorDowngrade: true })).roles).toEqual(['support']);
    await anna.call.refused(
      422,
      'owner_role_by_transfer_only',
      'PUT',
      account(accountId, `/users/${anna.userId}/roles`),
      { body: { roles: ['support'] } },
    );
    await anna.call.refused(404, 'not_found', 'PUT', account(accountId, `/users/${eve.userId}/roles`), {
      body: { roles: ['support'] },
    });
    const mine = await carol.call.put(account(accountId, `/users/${carol.userId}/roles`), {
      roles: ['billing_manager'],
    });
    expect(mine.events).toMatchObject([{ type: 'AccountAccessGranted' }]);
  });

  it('ROL-13 USR-14: access ends, the person stays; the Owner is not removed', async () => {
    const { accountId } = await create(anna, 'Leaving');
    await anna.call.put(account(accountId, `/users/${bob.userId}/roles`), { roles: ['administrator'] });
    await bob.call.refused(
      409,
      'owner_not_removable',
      'POST',
      account(accountId, `/users/${anna.userId}/remove`),
    );
    await anna.call.post(account(accountId, `/users/${bob.userId}/remove`));
    await bob.call.refused(403, 'forbidden', 'GET', account(accountId));
    expect(await bob.call.get('/v1/me')).toMatchObject({ organizationId: anna.organizationId });
    await anna.call.refused(404, 'not_found', 'POST', account(accountId, `/users/${bob.userId}/remove`));
  });

  it('LV-2: accounts are found by kind, status, owner and beginning of name; their users by role and search', async () => {
    const ids = (list: Json) => list.items.map(({ name }: Json) => name);
    expect(ids(await anna.call.get(anna.path(`/accounts?ownerId=${bob.userId}&status=active`)))).toEqual([
      'For Bob',
      'Locked',
      'Of Bob',
    ]);
    for (const search of ['ROL', '%20rol%20'])
      expect(ids(await anna.call.get(anna.path(`/accounts?search=${search}`)))).toEqual(['Roles']);
    for (const name of ['sorted b', 'Sorted C', 'Sörted A', 'SORTED D']) await create(anna, name);
    expect(ids(await anna.call.get(anna.path('/accounts?search=sorted&sort=name')))).toEqual([
      'Sörted A',
      'sorted b',
      'Sorted C',
      'SORTED D',
    ]);
    const all = await anna.call.get(anna.path('/accounts?limit=200'));
    expect((await anna.call.get(anna.path('/summary'))).accounts).toEqual({
      managed: all.total,
      independent: 0,
      pending: 0,
    });
    const [{ accountId }] = (await anna.call.get(anna.path('/accounts?search=Roles'))).items;
    const users = (query: string) => anna.call.get(account(accountId, `/users?${query}`));
    expect((await users('')).items).toEqual([
      expect.objectContaining({ email: anna.email, kind: 'managed', roles: ['owner'] }),
      expect.objectContaining({ email: bob.email, kind: 'managed', roles: ['support'] }),
      expect.objectContaining({ email: carol.email, kind: 'managed', roles: ['billing_manager'] }),
    ]);
    expect((await users('role=support')).items).toMatchObject([{ userId: bob.userId }]);
    expect((await users('search=car')).items).toMatchObject([{ userId: carol.userId }]);
    const hers = await anna.call.get(anna.path(`/users/${carol.userId}/accounts?role=billing_manager`));
    expect(hers.items).toEqual([
      expect.objectContaining({ accountId, name: 'Roles', kind: 'managed', roles: ['billing_manager'] }),
    ]);
    await anna.call.refused(404, 'not_found', 'GET', anna.path(`/users/${eve.userId}/accounts`));
  });

  it('AUD-01 P10: an account tells its own history, as it was where it is now', async () => {
    const { accountId } = await anna.call.post(anna.path('/accounts'), { name: 'Told' });
    const types = async (call: Person['call'], query = '') =>
      (await call.get(`/v1/accounts/${accountId}/audit-events${query}`)).items.map(({ type }: Json) => type);
    await anna.call.patch(`/v1/accounts/${accountId}`, { name: 'Retold' });
    await anna.call.post(anna.path('/accounts'), { name: 'Another' });
    expect(await types(anna.call)).toEqual(['AccountRenamed', 'AccountCreated']);
    expect(await types(anna.call, '?type=AccountRenamed&limit=1')).toEqual(['AccountRenamed']);
    await anna.call.refused(400, 'validation_failed', 'GET', `/v1/accounts/${accountId}/audit-events?x=1`);
    const nothing = `/v1/accounts/acc_${'0'.repeat(32)}/audit-events`;
    await anna.call.refused(404, 'not_found', 'GET', nothing);
  });

  it('ROL-08: the permissions of the account roles can be read', async () => {
    const { items } = await bob.call.get('/v1/account-roles');
    expect(Object.fromEntries(items.map(({ role, permissions }: Json) => [role, permissions]))).toEqual({
      owner: ['everything', 'close_account'],
      administrator: ['everything'],
      billing_manager: ['billing', 'logs', 'usage'],
      developer: ['api_credentials', 'numbers', 'developer_tools', 'logs', 'usage'],
      support: ['logs', 'usage'],
    });
  });

  it('ACC-11: an operator limits the accounts of an organization; closed ones make room', async () => {
    const small = await product.signUp(`small@${product.domain('small')}`);
    const limit = (accounts: number | null) =>
      product.operator.put(`/v1/operations/organizations/${small.organizationId}/limits`, { accounts });
    await limit(3);
    const replies = await Promise.all(
      Array.from({ length: 6 }, (_, n) =>
        small.call.send('POST', small.path('/accounts'), { body: { name: `Shop ${n}` } }),
      ),
    );
    expect(replies.map(({ status }) => status).sort()).toEqual([201, 201, 422, 422, 422, 422]);
    const full = replies.find(({ status }) => status === 422)?.body;
    expect([full.code, full.detail]).toEqual([
      'account_limit_reached',
      "The organization's account limit has been reached.",
    ]);
    await small.call.post(account(small.accountId, '/close'), {
      acknowledgements: ['account_closed', 'invitations_cancelled', 'not_reversible'],
    });
    await create(small, 'In its place');
    await small.call.refused(422, 'account_limit_reached', 'POST', small.path('/accounts'), {
      body: { name: 'x' },
    });
    await limit(null);
    await create(small, 'As many as it likes');
  });
});
