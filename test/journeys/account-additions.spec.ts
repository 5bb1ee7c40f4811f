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
});
