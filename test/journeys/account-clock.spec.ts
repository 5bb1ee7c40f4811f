import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Json } from '../support/caller.ts';
import { backends, type Person, Product, password } from '../support/product.ts';
import { Sandboxed } from '../support/sandboxed.ts';

const DAY = 86_400_000;
const [embedded] = backends;

describe('accounts and the passing of time', () => {
  let product: Product;
  let sandbox: Sandboxed;
  let anna: Person;
  let eve: Person;
  let domain: Json;
  let account: string;

  beforeAll(async () => {
    if (!embedded) throw new Error('no backend');
    product = await Product.start(embedded, { sandbox: true });
    sandbox = new Sandboxed(product);
    anna = await sandbox.signUp(`anna@${product.domain('corporate')}`);
    domain = await sandbox.verifiedDomain(anna, product.domain('corporate'));
    eve = await sandbox.signUp(`eve@${product.domain('elsewhere')}`);
    account = `/v1/accounts/${anna.accountId}`;
  });
  afterAll(() => product.stop());

  const tokenOf = ({ links }: Json) => new URL(links[0]).searchParams.get('token');

  it('ACC-04: an addition that nobody answers expires; what will happen stands in upcoming', async () => {
    const { additionId } = await anna.call.post(anna.path('/account-additions'), {
      accountId: eve.accountId,
      kind: 'independent',
    });
    const mail = await sandbox.mail(eve.email, 'account_addition');
    expect(mail.subject).toBe('My organization asks for your account First account');
    const { items } = await anna.call.get(anna.path('/upcoming'));
    expect(items.filter(({ kind }: Json) => kind === 'account_addition_expiry')).toMatchObject([
      { subject: { type: 'account', id: eve.accountId }, affects: { users: 1 } },
    ]);
    await sandbox.advance(7 * DAY);
    [anna, eve] = [await sandbox.back(anna), await sandbox.back(eve)];
    expect((await anna.call.get(anna.path('/accounts?kind=pending'))).total).toBe(0);
    await eve.call.refused(
      409,
      'account_addition_not_pending',
      'POST',
      `/v1/account-additions/${additionId}/confirm`,
    );
    const [ended] = (await anna.call.get(anna.path('/audit-events?type=AccountAdditionExpired'))).items;
    expect(ended).toMatchObject({ actor: { type: 'system' }, data: { accountId: eve.accountId } });
  });

  it('ACC-06: what an account was called that is shared, as of a time after which its own organization alone went on', async () => {
    const { additionId } = await anna.call.post(anna.path('/account-additions'), {
      accountId: eve.accountId,
      kind: 'independent',
    });
    await eve.call.post(`/v1/account-additions/${additionId}/confirm`);
    const shared = async (query: string): Promise<string[]> => {
      const { items } = await anna.call.get(anna.path(`/accounts?kind=independent&${query}`));
      return items.map(({ name }: Json) => name);
    };
    expect(await shared(`minPosition=${await product.head()}`)).toEqual(['First account']);
    const { asOf } = await anna.call.get(anna.path('/accounts'));
    await sandbox.advance(60_000);
    const { position } = await eve.call
      .send('PATCH', `/v1/accounts/${eve.accountId}`, {
        body: { name: 'Second name' },
      })
      .then(({ body }) => body);
    expect(await shared(`minPosition=${position}`)).toEqual(['Second name']);
    expect(await shared(`asOf=${encodeURIComponent(asOf)}`)).toEqual(['First account']);
  });

  it('AMB-30: while a domain is unvalidated, nobody of it is invited to an account, or comes in', async () => {
    const bob = await sandbox.join(anna, `bob@${domain.domain}`);
    await anna.call.put(`${account}/users/${bob.userId}/roles`, { roles: ['administrator'] });
    await anna.call.put(anna.path('/sign-up-policy'), { policy: 'outside' });
    const invited = await bob.call.post(`${account}/invitations`, {
      email: `ola@${domain.domain}`,
      roles: ['support'],
    });
    const token = tokenOf(await sandbox.mail(`ola@${domain.domain}`, 'invitation'));
    await sandbox.zone(domain, undefined);
    const looked = await anna.call.post(anna.path(`/domains/${domain.domainId}/verify`));
    expect(looked.status).toBe('unvalidated');
    const refused = (path: string, body?: object) =>
      bob.call.refused(422, 'domain_unvalidated', 'POST', path, { body });
    await refused(`${account}/invitations`, { email: `oli@${domain.domain}`, roles: ['support'] });
    await refused(`${account}/invitations/${invited.invitationId}/resend`);
    await product.nobody.refused(422, 'domain_unvalidated', 'POST', '/v1/invitations/accept', {
      body: { token, password, givenName: 'Ola', familyName: 'Out' },
    });
    await bob.call.post(`${account}/invitations/${invited.invitationId}/cancel`);
  });

  it('INV-04: an invitation to an account expires, and its pending person with it', async () => {
    const { invitationId, userId } = await anna.call.post(`${account}/invitations`, {
      email: 'late@outside.example',
      roles: ['support'],
    });
    await sandbox.advance(7 * DAY);
    anna = await sandbox.back(anna);
    expect(await anna.call.get(`${account}/invitations/${invitationId}`)).toMatchObject({
      status: 'expired',
    });
    const again = await anna.call.post(`${account}/invitations/${invitationId}/resend`);
    expect(again.userId).not.toBe(userId);
    const token = tokenOf(await sandbox.mail('late@outside.example', 'invitation', 2));
    await product.nobody.post('/v1/invitations/accept', {
      token,
      password,
      givenName: 'Lea',
      familyName: 'Late',
    });
    expect((await anna.call.get(`${account}/users?search=lea`)).items).toMatchObject([
      { userId: again.userId, kind: 'independent' },
    ]);
  });
});
