import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Json } from '../support/caller.ts';
import { backends, type Person, Product } from '../support/product.ts';

describe.each(backends)('whose organization it is on $name', (backend) => {
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

  const path = () => anna.path('/transfer-ownership');
  const to = ({ userId }: Person, previousOwnerRole = 'administrator') => ({
    newOwnerId: userId,
    previousOwnerRole,
  });
  const roles = async (): Promise<Json> =>
    Object.fromEntries(
      (await carol.call.all(anna.path('/users?kind=managed'))).map(({ userId, role }: Json) => [
        userId,
        role,
      ]),
    );

  it('ORG-11: only the Owner transfers, only to an active managed user', async () => {
    await carol.call.refused(403, 'forbidden', 'POST', path(), { body: to(carol) });
    await bob.call.refused(403, 'forbidden', 'POST', path(), { body: to(bob) });
    const eve = await product.signUp(`eve@${product.domain('elsewhere')}`);
    await eve.call.refused(404, 'not_found', 'POST', path(), { body: to(eve) });
    await anna.call.refused(422, 'owner_not_managed', 'POST', path(), { body: to(eve) });
    await anna.call.post(anna.path(`/users/${bob.userId}/deactivate`));
    await anna.call.refused(422, 'owner_not_managed', 'POST', path(), { body: to(bob) });
    await anna.call.post(anna.path(`/users/${bob.userId}/reactivate`));
    await anna.call.refused(422, 'owner_role_by_transfer_only', 'POST', path(), { body: to(bob, 'owner') });
    await anna.call.refused(400, 'validation_failed', 'POST', path(), { body: { newOwnerId: bob.userId } });
  });

  it('ORG-11 ORG-02: one event makes another person the Owner; both change at once, everywhere', async () => {
    const bobAgain = await product.signIn(bob.email);
    const dry = await anna.call.post(`${path()}?dryRun=true`, to(bob, 'standard_user'));
    expect(await roles()).toMatchObject({ [anna.userId]: 'owner', [bob.userId]: 'standard_user' });
    const receipt = await anna.call.post(path(), to(bob, 'standard_user'));
    expect(receipt).toMatchObject({
      ownerId: bob.userId,
      events: [{ type: 'OrganizationOwnershipTransferred' }],
    });
    expect(dry.events.map(({ type }: Json) => type)).toEqual(['OrganizationOwnershipTransferred']);
    expect(await roles()).toEqual({
      [anna.userId]: 'standard_user',
      [bob.userId]: 'owner',
      [carol.userId]: 'administrator',
    });
    await anna.call.refused(403, 'forbidden', 'GET', anna.path('/users'));
    expect(await bobAgain.call.get('/v1/me')).toMatchObject({ role: 'owner' });
    expect(await bobAgain.call.get(anna.path())).toMatchObject({ ownerId: bob.userId });
    await anna.call.refused(403, 'forbidden', 'POST', path(), { body: to(anna) });
  });

  it('ORG-11: the earlier Owner may be removed, and the way back is another transfer', async () => {
    const { call } = await product.signIn(bob.email);
    await call.post(path(), to(carol, 'administrator'));
    await carol.call.refused(409, 'owner_not_removable', 'POST', anna.path(`/users/${carol.userId}/remove`), {
      body: {},
    });
    const accounts = await carol.call.all(anna.path(`/accounts?ownerId=${anna.userId}`));
    await carol.call.post(anna.path(`/users/${anna.userId}/remove`), {
      acknowledgements: [
        'removed_from_organization',
        'access_ends',
        'roles_end',
        'access_can_be_granted',
        'control_ends',
      ],
      accountOwners: Object.fromEntries(accounts.map(({ accountId }: Json) => [accountId, bob.userId])),
    });
    expect(await roles()).toEqual({ [bob.userId]: 'administrator', [carol.userId]: 'owner' });
    expect(await anna.call.get('/v1/me')).toMatchObject({ organizationId: null });
  });
});
