import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Execution, systemEnvelope } from '#commands';
import { organization } from '#organizations';
import { ReadModels } from '#read-models';
import type { Json } from '../support/caller.ts';
import { backends, type Person, Product, password, until } from '../support/product.ts';
import { Sandboxed } from '../support/sandboxed.ts';

const DAY = 24 * 3_600_000;
const [embedded] = backends;
const accept = '/v1/invitations/accept';
const tokenOf = ({ links }: Json): string => new URL(links[0]).searchParams.get('token') ?? '';

describe('what ends with a merged organization', () => {
  let product: Product;
  let sandbox: Sandboxed;
  let anna: Person;
  let domain: string;
  let domainId: string;
  const owners: Record<string, Person> = {};
  const [bob, carol, dora] = ['bob', 'carol', 'dora'].map((name) => () => owners[name] as Person) as [
    () => Person,
    () => Person,
    () => Person,
  ];

  beforeAll(async () => {
    if (!embedded) throw new Error('no backend');
    product = await Product.start(embedded, { sandbox: true });
    sandbox = new Sandboxed(product);
    domain = product.domain('prime');
    for (const name of ['bob', 'carol', 'dora'])
      owners[name] = await sandbox.signUp(`${name}@${domain}`, { organizationName: `Of ${name}` });
    anna = await sandbox.signUp(`anna@${product.domain('home')}`, { organizationName: 'Home' });
    ({ domainId } = await sandbox.verifiedDomain(anna, domain));
  });
  afterAll(() => product.stop());

  const timersOf = async ({ organizationId }: Person): Promise<readonly unknown[]> => {
    const readModels = product.serving.app.get(ReadModels);
    await readModels.reach(await product.head(), ['timers']);
    const sort = { field: 'dueAt', direction: 1 } as const;
    return (await readModels.list('timers', { where: { organizationId }, sort, limit: 200 })).items;
  };
  const historyOf = (person: Person): Promise<Json[]> =>
    anna.call.all(person.path('/audit-events?limit=200'));

  it('MRG-04, P17: while it is absorbed its people change nothing and nobody comes in, with the code that says why', async () => {
    const { organizationId, accountId, call, path } = bob();
    const guest = { email: `guest@${product.domain('guests')}`, roles: ['developer'] };
    await call.post(`/v1/accounts/${accountId}/invitations`, guest);
    const token = tokenOf(await sandbox.mail(guest.email, 'invitation'));
    const frank = await sandbox.signUp(`frank@${product.domain('franks')}`);
    const asked = await call.post(path('/account-additions'), {
      accountId: frank.accountId,
      kind: 'independent',
    });
    const execution = product.serving.app.get(Execution);
    const absorption = async (type: 'BeginAbsorption' | 'AbortAbsorption') =>
      execution.run(
        {
          decider: organization,
          id: organizationId,
          command: { type, mergeId: 'mrg_by_hand', intoOrganizationId: anna.organizationId },
        },
        systemEnvelope(randomUUID(), randomUUID(), null),
      );
    await absorption('BeginAbsorption');
    const merging = (method: string, where: string, body: object) =>
      call.refused(409, 'organization_merging', method, where, { body });
    await merging('PATCH', path(), { name: 'New' });
    await merging('POST', path('/invitations'), { email: 'x@y.example', role: 'standard_user' });
    await merging('POST', path('/accounts'), { name: 'New' });
    await merging('POST', path('/domains'), { domain: product.domain('new'), method: 'dns_txt' });
    await merging('POST', path('/api-keys'), { name: 'New', role: 'standard_user' });
    await merging('PATCH', `/v1/accounts/${accountId}`, { name: 'New' });
    // Access to an account goes on: the account moves with it.
    const names = { password, givenName: 'Gus', familyName: 'Ray' };
    await product.nobody.post(accept, { token, ...names });
    const confirmation = `/v1/account-additions/${asked.additionId}/confirm`;
    await frank.call.refused(409, 'organization_merging', 'POST', confirmation);
    const offered = await anna.call.refused(409, 'merge_blocked', 'POST', anna.path('/merges'), {
      body: { candidateOwnerEmail: bob().email, role: 'standard_user' },
    });
    expect(offered.blockers).toMatchObject([{ code: 'candidate_not_open' }]);
    await anna.call.patch(anna.path(), { name: 'Home of all' });
    await absorption('AbortAbsorption');
    await call.patch(path(), { name: 'Of Bob' });
  });

  it('MRG-04 ACC-06: its invitations, domains, keys and timers end with it, what was shared with it is shared on; nothing of it happens when time goes by', async () => {
    const { accountId, call, path, email } = bob();
    const lost = product.domain('lost');
    await call.post(path('/domains'), { domain: lost, method: 'dns_txt' });
    const other = await sandbox.signUp(`eve@${product.domain('eves')}`);
    const asked = await call.post(path('/account-additions'), {
      accountId: other.accountId,
      kind: 'independent',
    });
    const gia = await sandbox.signUp(`gia@${product.domain('gias')}`);
    const sharing = await call.post(path('/account-additions'), {
      accountId: gia.accountId,
      kind: 'independent',
    });
    await gia.call.post(`/v1/account-additions/${sharing.additionId}/confirm`);
    const key = await call.post(path('/api-keys'), { name: 'Robot', role: 'administrator' });
    const late = { email: `late@${product.domain('guests')}`, roles: ['developer'] };
    await call.post(`/v1/accounts/${accountId}/invitations`, late);
    const link = tokenOf(await sandbox.mail(late.email, 'invitation'));
    expect((await call.get(path('/upcoming'))).total).toBeGreaterThan(0);
    const { mergeId } = await anna.call.post(anna.path('/merges'), {
      candidateOwnerEmail: email,
      role: 'administrator',
    });
    await call.post(accept, { token: tokenOf(await sandbox.mail(email, 'invitation')) });
    await until(
      () => anna.call.get(anna.path(`/merges/${mergeId}`)),
      ({ status }) => status === 'completed',
    );
    const shared = await until(
      () => anna.call.get(anna.path('/accounts?kind=independent')),
      ({ items }) => items.length > 0,
    );
    expect(shared.items).toMatchObject([{ accountId: gia.accountId, organizationId: gia.organizationId }]);
    await anna.call.get(`/v1/accounts/${gia.accountId}/users`);
    const history = await historyOf(bob());
    const ended = (type: string) => history.filter((event: Json) => event.type === type);
    expect(ended('InviteCancelled')).toHaveLength(1);
    expect(ended('DomainDeleted')).toHaveLength(1);
    expect(ended('ApiKeyRevoked')).toHaveLength(1);
    expect(ended('AccountAdditionWithdrawn')).toHaveLength(2);
    const confirmation = `/v1/account-additions/${asked.additionId}/confirm`;
    await other.call.refused(409, 'account_addition_not_pending', 'POST', confirmation);
    await product.nobody.refused(
      404,
      'invitation_link_invalid',
      'GET',
      `/v1/invitations/by-token?token=${link}`,
    );
    await product.nobody.as(key.secret).refused(401, 'unauthenticated', 'GET', path('/users'));
    await anna.call.refused(410, 'organization_absorbed', 'GET', path('/upcoming'));
    expect(await timersOf(bob())).toEqual([]);
    const upcoming = await anna.call.all(anna.path('/upcoming?limit=200'));
    expect(JSON.stringify(upcoming)).not.toContain(bob().organizationId);
    const shown = await anna.call.post(anna.path('/domains'), { domain: lost, method: 'dns_txt' });
    expect(shown.status).toBe('pending');
    await sandbox.advance(40 * DAY);
    anna = await sandbox.back(anna);
    expect(await historyOf(bob())).toEqual(history);
  });

  it('MRG-07, IMP-02, IMP-10: an import merges; its people are written to only if that was chosen, the Owner once more afterwards', async () => {
    const importing = async (owner: Person, notify: boolean): Promise<void> => {
      const one = (status: string, importId: string) =>
        until(
          () => anna.call.get(anna.path(`/imports/${importId}`)),
          (answer) => answer.status === status,
        );
      const { importId } = await anna.call.expecting([202], 'POST', anna.path('/imports'), {
        domainIds: [domainId],
      });
      await one('ready', importId);
      const file = (await anna.call.send('GET', anna.path(`/imports/${importId}/report.csv`))).text;
      const lines = file.split('\r\n');
      const raw = [lines[0], lines.find((line) => line.includes(owner.userId)), ''].join('\r\n');
      const headers = { 'content-type': 'text/csv' };
      await anna.call.send('PUT', anna.path(`/imports/${importId}/selection`), { raw, headers });
      if (notify) await anna.call.expecting([200, 202], 'POST', anna.path(`/imports/${importId}/notify`));
      await anna.call.expecting([200, 202], 'POST', anna.path(`/imports/${importId}/start`), {
        acknowledgements: [notify ? 'usersInformed' : 'continueWithoutInforming'],
      });
      expect(await one('completed', importId)).toMatchObject({ imported: 1, skipped: 0 });
    };
    await importing(carol(), false);
    await importing(dora(), true);
    expect(await sandbox.mail(dora().email, 'import_notice')).toMatchObject({
      subject: 'Home of all is going to manage your user',
    });
    expect(await sandbox.mail(dora().email, 'organization_merged')).toMatchObject({
      subject: 'Of dora was merged into Home of all',
      text: expect.stringContaining('Standard Users'),
    });
    for (const kind of ['import_notice', 'organization_merged'])
      expect((await sandbox.mails(kind)).map(({ to }) => to)).toEqual([dora().email]);
    for (const { userId } of [carol(), dora()])
      expect(await anna.call.get(anna.path(`/users/${userId}`))).toMatchObject({ role: 'standard_user' });
  });
});
