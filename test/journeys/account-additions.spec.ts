import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Json } from '../support/caller.ts';
import { at, backends, type Person, Product } from '../support/product.ts';

describe.each(backends)('accounts that exist already on $name', (backend) => {
  let product: Product;
  let anna: Person;
  /** Of another organization, who let Olga go with her account. */
  let eve: Person;
  let olga: Person;
  let olgas: string;

  beforeAll(async () => {
    product = await Product.start(backend);
    const domain = product.domain('corporate');
    anna = await product.signUp(`anna@${domain}`);
    await product.verifiedDomain(anna, domain);
    const other = product.domain('elsewhere');
    eve = await product.signUp(`eve@${other}`);
    await product.verifiedDomain(eve, other);
    olga = await product.join(eve, `olga@${other}`);
    olgas = (await olga.call.post(olga.path('/accounts'), { name: 'Of Olga' })).accountId;
    await eve.call.put(`/v1/accounts/${olgas}/users/${eve.userId}/roles`, { roles: ['support'] });
  });
  afterAll(() => product.stop());

  const additions = (by: Person) => by.path('/account-additions');
  const ask = (by: Person, accountId: string, kind: string): Promise<Json> =>
    by.call.post(additions(by), { accountId, kind });
  const refusedToAsk = (by: Person, status: number, code: string, accountId: string, kind: string) =>
    by.call.refused(status, code, 'POST', additions(by), { body: { accountId, kind } });
  const answer = (by: Person, additionId: string, how: string): Promise<Json> =>
    by.call.post(`/v1/account-additions/${additionId}/${how}`);
  const listed = async (by: Person, query: string): Promise<Json[]> =>
    (await by.call.get(by.path(`/accounts?${query}`))).items;

  it('ACC-06: an independent account is asked for, shared by its owner, and relinquished', async () => {
    const asked = await ask(anna, olgas, 'independent');
    expect(asked).toMatchObject({ id: asked.additionId, accountId: olgas, status: 'pending' });
    expect(await listed(anna, 'kind=pending')).toEqual([
      expect.objectContaining({
        accountId: olgas,
        kind: 'pending',
        additionId: asked.additionId,
        name: '',
        ownerId: null,
        ownerEmail: null,
      }),
    ]);
    const mail = await product.smtp.waitFor(({ subject }) =>
      subject.includes('asks for your account Of Olga'),
    );
    expect([mail.to, mail.links[0]]).toEqual([
      olga.email,
      expect.stringContaining(`/account-additions/${asked.additionId}`),
    ]);
    await refusedToAsk(anna, 409, 'account_addition_already_pending', olgas, 'independent');
    for (const by of [anna, eve])
      await by.call.refused(
        by === eve ? 403 : 404,
        by === eve ? 'forbidden' : 'not_found',
        'POST',
        `/v1/account-additions/${asked.additionId}/confirm`,
      );
    expect(await olga.call.get(`/v1/account-additions/${asked.additionId}`)).toMatchObject({
      accountName: 'Of Olga',
      organizationId: anna.organizationId,
      kind: 'independent',
      status: 'pending',
    });
    const dry = await olga.call.post(`/v1/account-additions/${asked.additionId}/confirm?dryRun=true`);
    expect(dry.effects).toEqual([{ command: 'ShareAccount', resource: { type: 'account', id: olgas } }]);
    const confirmed = await answer(olga, asked.additionId, 'confirm');
    expect(await listed(anna, `kind=independent&${at(confirmed.position)}`)).toEqual([
      expect.objectContaining({
        accountId: olgas,
        organizationId: eve.organizationId,
        kind: 'independent',
        name: 'Of Olga',
        ownerId: olga.userId,
        ownerEmail: olga.email,
        users: 2,
      }),
    ]);
    expect(await listed(eve, 'search=of')).toMatchObject([{ accountId: olgas, kind: 'managed' }]);
    await olga.call.patch(`/v1/accounts/${olgas}`, { name: 'Workshop' });
    expect(await anna.call.get(`/v1/accounts/${olgas}`)).toMatchObject({
      kind: 'independent',
      name: 'Workshop',
    });
    expect((await anna.call.get(`/v1/accounts/${olgas}/users`)).total).toBe(2);
    await anna.call.refused(403, 'forbidden', 'PATCH', `/v1/accounts/${olgas}`, { body: { name: 'x' } });
    const path = anna.path(`/accounts/${olgas}/relinquish`);
    const { required } = await anna.call.refused(422, 'acknowledgements_required', 'POST', path);
    const acknowledgements = required.map(({ code }: Json) => code);
    await anna.call.post(path, { acknowledgements });
    expect(await listed(anna, 'kind=independent')).toEqual([]);
    await anna.call.refused(404, 'not_found', 'GET', `/v1/accounts/${olgas}`);
    await anna.call.refused(404, 'not_found', 'POST', path, { body: { acknowledgements } });
  });

  it('LV-1 ACC-06: a shared account counts for people of the organization who have access to it, as long as it is shared', async () => {
    const domain = product.domain('corporate');
    const pia = await product.join(anna, `pia@${domain}`);
    await olga.call.post(`/v1/accounts/${olgas}/invitations`, { email: pia.email, roles: ['developer'] });
    await pia.call.post('/v1/invitations/accept', { token: await product.token(pia.email, 2) });
    const counted = async () => {
      const { accounts } = await anna.call.get(anna.path(`/users/${pia.userId}`));
      const { items } = await anna.call.get(anna.path(`/users?accountId=${olgas}`));
      const { total } = await anna.call.get(anna.path(`/users/${pia.userId}/accounts`));
      return [accounts, items.map(({ userId }: Json) => userId), total];
    };
    expect(await counted()).toEqual([0, [], 0]);
    await answer(olga, (await ask(anna, olgas, 'independent')).additionId, 'confirm');
    expect(await counted()).toEqual([1, [pia.userId], 1]);
    await olga.call.post(`/v1/accounts/${olgas}/users/${pia.userId}/remove`);
    expect(await counted()).toEqual([0, [], 0]);
    await olga.call.post(`/v1/accounts/${olgas}/invitations`, { email: pia.email, roles: ['developer'] });
    await pia.call.post('/v1/invitations/accept', { token: await product.token(pia.email, 3) });
    expect(await counted()).toEqual([1, [pia.userId], 1]);
    const acknowledgements = ['access_relinquished', 'users_lose_access'];
    await anna.call.post(anna.path(`/accounts/${olgas}/relinquish`), { acknowledgements });
    expect(await counted()).toEqual([0, [], 0]);
  });

  it('ACC-05: a managed one needs an owner on a verified domain, and is not there already', async () => {
    await refusedToAsk(anna, 422, 'domain_unverified', olgas, 'managed');
    await refusedToAsk(anna, 409, 'account_already_added', anna.accountId, 'managed');
    await refusedToAsk(anna, 404, 'not_found', `acc_${'0'.repeat(32)}`, 'managed');
    await anna.call.refused(400, 'validation_failed', 'POST', additions(anna), {
      body: { accountId: olgas, kind: 'borrowed' },
    });
  });

  it('ACC-04: declined, it is pending no more, and can be asked for again', async () => {
    const asked = await ask(anna, olgas, 'independent');
    await answer(olga, asked.additionId, 'decline');
    expect(await listed(anna, 'kind=pending')).toEqual([]);
    await olga.call.refused(
      409,
      'account_addition_not_pending',
      'POST',
      `/v1/account-additions/${asked.additionId}/confirm`,
    );
    const again = await ask(anna, olgas, 'independent');
    expect(again.additionId).not.toBe(asked.additionId);
    await answer(olga, again.additionId, 'decline');
  });

  it('AMB-26: confirming a managed addition is refused while the owner belongs to another organization', async () => {
    const gus = await product.signUp(`gus@${product.domain('corporate2')}`);
    await product.verifiedDomain(anna, product.domain('corporate2'));
    const asked = await ask(anna, gus.accountId, 'managed');
    expect(await listed(anna, 'kind=pending')).toMatchObject([
      { accountId: gus.accountId, name: 'First account', ownerId: gus.userId },
    ]);
    await gus.call.refused(
      409,
      'user_belongs_to_another_organization',
      'POST',
      `/v1/account-additions/${asked.additionId}/confirm`,
    );
    expect((await anna.call.get(anna.path('/summary'))).accounts).toMatchObject({ pending: 1 });
    await answer(gus, asked.additionId, 'decline');
  });

  const goWithAccount = async (): Promise<Json> => {
    const path = eve.path(`/users/${olga.userId}/remove`);
    const { required } = await eve.call.refused(422, 'acknowledgements_required', 'POST', path);
    return eve.call.post(path, {
      acknowledgements: required.map(({ code }: Json) => code),
      accountOwners: { [olgas]: olga.userId },
    });
  };

  it('USR-09 ACC-01 USR-11 ACK-03: the account leaves with its owner; people of the organization are removed from it for ever', async () => {
    const dry = await eve.call.send('POST', eve.path(`/users/${olga.userId}/remove?dryRun=true`), {
      body: {
        acknowledgements: [
          'removed_from_organization',
          'access_ends',
          'roles_end',
          'access_can_be_granted',
          'control_ends',
        ],
        accountOwners: { [olgas]: olga.userId },
      },
    });
    expect(dry.body.effects).toContainEqual({
      command: 'DetachAccount',
      resource: { type: 'account', id: olgas },
    });
    const removed = await goWithAccount();
    expect(await listed(eve, `search=workshop&${at(removed.position)}`)).toMatchObject([
      { accountId: olgas, kind: 'independent', organizationId: null, ownerEmail: olga.email },
    ]);
    expect(await olga.call.get(`/v1/accounts/${olgas}`)).toMatchObject({
      kind: 'independent',
      organizationId: null,
      users: 2,
    });
    await olga.call.refused(409, 'account_not_managed', 'POST', `/v1/accounts/${olgas}/transfer-ownership`, {
      body: { newOwnerId: eve.userId },
    });
    const path = `/v1/accounts/${olgas}/users/${eve.userId}/remove`;
    const { required } = await eve.call.refused(422, 'acknowledgements_required', 'POST', path);
    expect(required.map(({ sentence }: Json) => sentence)).toEqual([
      'The user will be permanently removed from the account.',
      'This action can not be reversed.',
    ]);
    await eve.call.post(path, { acknowledgements: required.map(({ code }: Json) => code) });
    expect((await olga.call.get(`/v1/accounts/${olgas}/users`)).items).toMatchObject([
      { userId: olga.userId, kind: 'independent', roles: ['owner'] },
    ]);
  });

  it('AMB-15 ORG-07: who is invited brings the accounts that they own; the dry run, the invitation and the mail say so', async () => {
    const dry = await eve.call.post(eve.path('/invitations?dryRun=true'), {
      email: olga.email,
      role: 'standard_user',
    });
    expect(dry.events).toMatchObject([{ type: 'InviteSent', data: { ownedAccountIds: [olgas] } }]);
    await product.invite(eve, olga.email);
    const mail = await product.smtp.waitFor(({ text }) =>
      text.includes('The accounts that you own come along and belong to it from then on: Workshop.'),
    );
    const token = new URL(mail.links[0] ?? '').searchParams.get('token');
    expect((await product.nobody.get(`/v1/invitations/by-token?token=${token}`)).ownedAccounts).toEqual([
      { accountId: olgas, name: 'Workshop' },
    ]);
    const joined = await olga.call.post('/v1/invitations/accept', { token });
    expect(await listed(eve, `search=workshop&${at(joined.position)}`)).toMatchObject([
      { accountId: olgas, kind: 'managed', organizationId: eve.organizationId, ownerId: olga.userId },
    ]);
    const [attached] = (await eve.call.get(eve.path('/audit-events?type=AccountAttached'))).items;
    expect(attached.data.cause).toEqual({ type: 'owner_joined', id: olga.userId });
  });

  it('AMB-26 ACC-05: confirming a managed addition makes the owner a managed Standard User too', async () => {
    await goWithAccount();
    const asked = await ask(eve, olgas, 'managed');
    expect(await listed(eve, 'kind=pending')).toMatchObject([{ name: 'Workshop', ownerEmail: olga.email }]);
    const confirmed = await answer(olga, asked.additionId, 'confirm');
    expect(await listed(eve, `search=workshop&${at(confirmed.position)}`)).toMatchObject([
      { accountId: olgas, kind: 'managed', organizationId: eve.organizationId },
    ]);
    expect(await olga.call.get('/v1/me')).toMatchObject({
      organizationId: eve.organizationId,
      role: 'standard_user',
    });
    const [joined] = (await eve.call.get(eve.path(`/audit-events?type=UserJoinedOrg&userId=${olga.userId}`)))
      .items;
    expect(joined.data.via).toBe('account_addition');
  });
});
