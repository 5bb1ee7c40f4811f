import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { deletion, removal } from '../support/acknowledgements.ts';
import type { Json } from '../support/caller.ts';
import { at, backends, type Person, Product, password, until } from '../support/product.ts';

describe.each(backends)('who leaves an organization on $name', (backend) => {
  let product: Product;
  let domain: string;
  let anna: Person;
  let carol: Person;

  beforeAll(async () => {
    product = await Product.start(backend);
    domain = product.domain('corporate');
    anna = await product.signUp(`anna@${domain}`);
    await product.verifiedDomain(anna, domain);
    carol = await product.join(anna, `carol@${domain}`, 'administrator');
  });
  afterAll(() => product.stop());

  const account = async (owner: Person, name: string): Promise<string> =>
    (await owner.call.post(owner.path('/accounts'), { name })).accountId;
  const path = (person: Person, rest = '') => anna.path(`/users/${person.userId}${rest}`);
  const owners = async (...ids: readonly string[]): Promise<Json> =>
    Promise.all(ids.map(async (id) => (await anna.call.get(`/v1/accounts/${id}`)).ownerId));

  it('USR-08 ACK-01: a removal is acknowledged, and names who owns what the person owned', async () => {
    const bob = await product.join(anna, `bob@${domain}`);
    const [one, two] = [await account(bob, 'One'), await account(bob, 'Two')];
    const refused = (code: string, body: Json) =>
      carol.call.refused(422, code, 'POST', path(bob, '/remove'), { body });
    const { required } = await refused('acknowledgements_required', { acknowledgements: removal.slice(1) });
    expect(required.map(({ code }: Json) => code)).toEqual(removal);
    const unnamed = await refused('account_owner_required', {
      acknowledgements: removal,
      accountOwners: { [one]: carol.userId },
    });
    expect(unnamed.accounts).toEqual([two]);
    const foreign = await refused('owner_not_managed', {
      acknowledgements: removal,
      accountOwners: { [one]: carol.userId, [two]: `usr_${'0'.repeat(32)}` },
    });
    expect(foreign.accounts).toEqual([two]);
    const body = {
      acknowledgements: removal,
      accountOwners: { [one]: carol.userId, [two]: anna.userId },
    };
    const dry = await carol.call.post(`${path(bob, '/remove')}?dryRun=true`, body);
    const receipt = await carol.call.post(path(bob, '/remove'), body);
    expect(receipt).toMatchObject({ id: bob.userId, events: [{ type: 'UserRemovedFromOrg' }] });
    expect(dry.events.map(({ type }: Json) => type)).toEqual(['UserRemovedFromOrg']);
    expect(dry.effects).toEqual(
      expect.arrayContaining([
        { command: 'TransferAccountOwnership', resource: { type: 'account', id: one } },
        { command: 'TransferAccountOwnership', resource: { type: 'account', id: two } },
      ]),
    );
    expect(await owners(one, two)).toEqual([carol.userId, anna.userId]);
    await anna.call.refused(404, 'not_found', 'GET', path(bob));
    const [told] = await anna.call.all(
      anna.path(`/audit-events?type=UserRemovedFromOrg&userId=${bob.userId}`),
    );
    expect(told.data).toMatchObject({ reason: 'manual', accountOwners: body.accountOwners });
    expect(told.data.acknowledgements.map(({ sentence }: Json) => sentence)).toContain(
      'This user will lose access to all managed accounts.',
    );
  });

  it('USR-09: the removed person keeps an account, which leaves the organization', async () => {
    const dan = await product.join(anna, `dan@${domain}`);
    const kept = await account(dan, 'Kept');
    await anna.call.post(path(dan, '/remove'), {
      acknowledgements: removal,
      accountOwners: { [kept]: dan.userId },
    });
    await anna.call.refused(404, 'not_found', 'GET', `/v1/accounts/${kept}`);
    expect(await dan.call.get(`/v1/accounts/${kept}`)).toMatchObject({
      organizationId: null,
      ownerId: dan.userId,
    });
  });

  it('USR-09 INV-13: what the organization offered of an account that has left it is not given', async () => {
    const ole = await product.join(anna, `ole@${domain}`);
    const kept = await account(ole, 'Kept by Ole');
    const email = `pia@${domain}`;
    const grant = (accountId: string) => ({ accountId, roles: ['administrator'] });
    const sent = await anna.call.post(anna.path('/invitations'), {
      email,
      role: 'standard_user',
      accounts: [grant(kept), grant(anna.accountId)],
    });
    await anna.call.post(path(ole, '/remove'), {
      acknowledgements: removal,
      accountOwners: { [kept]: ole.userId },
    });
    const accepted = await product.nobody.post('/v1/invitations/accept', {
      token: await product.token(email),
      password,
      givenName: 'Pia',
      familyName: 'Ray',
    });
    const { call } = await product.signIn(email);
    await call.refused(404, 'not_found', 'GET', `/v1/accounts/${kept}`);
    await call.get(`/v1/accounts/${anna.accountId}`);
    expect((await ole.call.get(`/v1/accounts/${kept}/users`)).items).toMatchObject([{ userId: ole.userId }]);
    expect(await ole.call.get(`/v1/accounts/${kept}/invitations`)).toMatchObject({ items: [], total: 0 });
    await ole.call.refused(404, 'not_found', 'GET', `/v1/accounts/${kept}/invitations/${sent.invitationId}`);
    const told = await anna.call.all(
      anna.path(`/audit-events?type=InvitePartRefused&userId=${accepted.userId}`),
    );
    expect(told).toMatchObject([
      { data: { invitationId: sent.invitationId, accountId: kept, reason: 'account_unknown' } },
    ]);
  });

  it('USR-09 P10: who looks back at an account sees nothing of the organization that it was in then', async () => {
    const ivo = await product.join(anna, `ivo@${domain}`);
    const kept = await account(ivo, 'Kept by Ivo');
    const { position: then } = await carol.call.put(`/v1/accounts/${kept}/users/${carol.userId}/roles`, {
      roles: ['support'],
    });
    await anna.call.post(path(ivo, '/remove'), {
      acknowledgements: removal,
      accountOwners: { [kept]: ivo.userId },
    });
    const other = product.domain('another');
    const eve = await product.signUp(`eve@${other}`);
    const { additionId } = await eve.call.post(eve.path('/account-additions'), {
      accountId: kept,
      kind: 'independent',
    });
    const { position: between } = await ivo.call.post(`/v1/account-additions/${additionId}/confirm`);
    const one = `/v1/accounts/${kept}`;
    expect(await eve.call.get(`${one}?asOf=${between}`)).toMatchObject({ kind: 'independent' });
    expect((await eve.call.get(`${one}/users?asOf=${between}`)).total).toBe(2);
    for (const what of [one, `${one}/users`])
      await eve.call.refused(404, 'not_found', 'GET', `${what}?asOf=${then}`);
    expect(await ivo.call.get(`${one}?asOf=${then}`)).toMatchObject({ organizationId: anna.organizationId });
    expect((await ivo.call.get(`${one}/users?asOf=${then}`)).total).toBe(2);
  });

  it('rules.md 1.14: an account is shown as it was at a time, also to whoever is in no organization', async () => {
    const nia = await product.join(anna, `nia@${domain}`);
    const kept = await account(nia, 'Kept by Nia');
    await anna.call.post(path(nia, '/remove'), {
      acknowledgements: removal,
      accountOwners: { [kept]: nia.userId },
    });
    const history = `/v1/accounts/${anna.accountId}/audit-events`;
    const { asOf, total } = await anna.call.get(`${history}?${at(String(await product.head()))}`);
    await until(
      async () => Date.now(),
      (now) => now > Date.parse(asOf) + 1,
    );
    await nia.call.patch(`/v1/accounts/${kept}`, { name: 'Called otherwise' });
    await anna.call.patch(`/v1/accounts/${anna.accountId}`, { name: 'Called otherwise' });
    const then = `asOf=${encodeURIComponent(asOf)}`;
    expect(await nia.call.get(`/v1/accounts/${kept}?${then}`)).toMatchObject({ name: 'Kept by Nia' });
    expect(await anna.call.get(`${history}?${then}`)).toMatchObject({ asOf, total });
    const now = at(String(await product.head()));
    expect(await nia.call.get(`/v1/accounts/${kept}?${now}`)).toMatchObject({ name: 'Called otherwise' });
    expect((await anna.call.get(`${history}?${now}`)).total).toBe(total + 1);
  });

  it('USR-08 AMB-24: the session stays and its rights change at once; the person may come again', async () => {
    const eve = await product.join(anna, `eve@${domain}`, 'administrator');
    await eve.call.get(eve.path('/users'));
    await anna.call.post(path(eve, '/remove'), { acknowledgements: removal });
    await eve.call.refused(404, 'not_found', 'GET', eve.path('/users'));
    expect(await eve.call.get('/v1/me')).toMatchObject({
      organizationId: null,
      role: null,
      email: eve.email,
    });
    expect((await product.signIn(eve.email)).token).toEqual(expect.any(String));
    await product.invite(anna, eve.email);
    await eve.call.post('/v1/invitations/accept', { token: await product.token(eve.email, 2) });
    expect(await anna.call.get(path(eve))).toMatchObject({ kind: 'managed', role: 'standard_user' });
  });

  it('USR-08 ORG-05 AMB-14 AMB-27: a removed person founds an organization of their own, once', async () => {
    const fay = await product.join(anna, `fay@${domain}`);
    await fay.call.refused(409, 'user_belongs_to_another_organization', 'POST', '/v1/organizations', {
      body: { name: 'Of Fay' },
    });
    await anna.call.post(path(fay, '/remove'), { acknowledgements: removal });
    const { organizationId } = await fay.call.post('/v1/organizations', { name: 'Of Fay' });
    expect(await fay.call.get('/v1/me')).toMatchObject({ organizationId, role: 'owner' });
    expect(await fay.call.get(`/v1/organizations/${organizationId}`)).toMatchObject({
      name: 'Of Fay',
      ownerId: fay.userId,
    });
  });

  it('ORG-11 USR-06: the Owner is neither removed nor deleted; who manages nobody removes nobody', async () => {
    const gus = await product.join(anna, `gus@${domain}`);
    for (const rest of ['/remove', '/delete']) {
      await anna.call.refused(409, 'owner_not_removable', 'POST', path(anna, rest), { body: {} });
      await carol.call.refused(409, 'owner_not_removable', 'POST', path(anna, rest), { body: {} });
      await gus.call.refused(403, 'forbidden', 'POST', path(carol, rest), { body: {} });
    }
    await anna.call.refused(400, 'validation_failed', 'POST', path(gus, '/remove'), {
      body: { accountOwners: { acc_1: 'usr_1' } },
    });
  });

  it('USR-10 ACK-02 AMB-24: a deleted person is gone at once; a tombstone stays in the history', async () => {
    const email = `zenobia@${domain}`;
    const zoe = await product.join(anna, email);
    const owned = await account(zoe, 'Of a person');
    const before = String(await product.head());
    const refused = await anna.call.refused(422, 'owner_not_managed', 'POST', path(zoe, '/delete'), {
      body: { acknowledgements: deletion, accountOwners: { [owned]: zoe.userId } },
    });
    expect(refused.accounts).toEqual([owned]);
    const receipt = await anna.call.post(path(zoe, '/delete'), {
      acknowledgements: deletion,
      accountOwners: { [owned]: carol.userId },
    });
    expect(receipt.events.map(({ type }: Json) => type)).toEqual([
      'UserRemovedFromOrg',
      'UserDeleted',
      'UserDataErased',
    ]);
    expect((await zoe.call.send('GET', '/v1/me')).status).toBe(401);
    await product.nobody.refused(401, 'sign_in_failed', 'POST', '/v1/sessions', {
      body: { email, password },
    });
    expect(await owners(owned)).toEqual([carol.userId]);
    const told = await anna.call.send('GET', anna.path(`/audit-events?userId=${zoe.userId}&limit=200`));
    expect(told.body.items.length).toBeGreaterThan(4);
    expect(told.text).toContain('[erased]');
    const then = await anna.call.send('GET', anna.path(`/users?asOf=${before}&limit=200`));
    expect(then.body.items.find(({ userId }: Json) => userId === zoe.userId)).toMatchObject({
      email: '[erased]',
      givenName: '[erased]',
      familyName: '[erased]',
      kind: 'managed',
    });
    const invited = await anna.call.send('GET', anna.path('/invitations?limit=200'));
    for (const { text } of [told, then, invited]) expect(text).not.toContain('zenobia');
  });

  it('USR-10 ERR-04: an invitation of a deleted person is not sent again, and its link is dead', async () => {
    const roy = await product.join(anna, `roy@${domain}`);
    const other = await product.signUp(`otto@${product.domain('other')}`);
    const invitations = `/v1/accounts/${other.accountId}/invitations`;
    const { invitationId } = await other.call.post(invitations, { email: roy.email, roles: ['support'] });
    const token = await product.token(roy.email, 2);
    await anna.call.post(path(roy, '/delete'), { acknowledgements: deletion });
    await other.call.refused(409, 'invitation_not_pending', 'POST', `${invitations}/${invitationId}/resend`);
    await product.nobody.refused(
      404,
      'invitation_link_invalid',
      'GET',
      `/v1/invitations/by-token?token=${token}`,
    );
    await other.call.post(`${invitations}/${invitationId}/cancel`);
  });

  it('USR-10: the same address comes again as somebody else and gets nothing of the old', async () => {
    const email = `again@${domain}`;
    const old = await product.join(anna, email);
    const owned = await account(old, 'Of the old one');
    await anna.call.post(path(old, '/delete'), {
      acknowledgements: deletion,
      accountOwners: { [owned]: anna.userId },
    });
    await product.invite(anna, email);
    const accepted = await product.nobody.post('/v1/invitations/accept', {
      token: await product.token(email, 2),
      password,
      givenName: 'New',
      familyName: 'Person',
    });
    expect(accepted.userId).not.toBe(old.userId);
    const { call } = await product.signIn(email);
    await call.refused(403, 'forbidden', 'GET', `/v1/accounts/${owned}`);
    expect(await anna.call.get(anna.path(`/users/${accepted.userId}`))).toMatchObject({
      givenName: 'New',
      accounts: 0,
    });
  });
});
