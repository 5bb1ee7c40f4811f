import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { EventStore } from '#event-store';
import { LogHead } from '#queries';
import { belonging } from '../support/belonging.ts';
import type { Json } from '../support/caller.ts';
import { backends, type Person, Product, until } from '../support/product.ts';

const accept = '/v1/invitations/accept';
const LONG = process.env.ORGLEDGER_LONG === '1';

describe.each(backends)('merges and what happens beside them on $name', (backend) => {
  let product: Product;
  let anna: Person;
  let domain: string;
  let domainId: string;
  const owners: Record<string, Person> = {};
  const named = (name: string): Person => owners[name] as Person;

  beforeAll(async () => {
    product = await Product.start(backend);
    domain = product.domain('prime');
    for (const name of ['bob', 'carol', 'dora', 'erin'])
      owners[name] = await product.signUp(`${name}@${domain}`, { organizationName: `Of ${name}` });
    anna = await product.signUp(`anna@${product.domain('home')}`, { organizationName: 'Prime' });
    ({ domainId } = await product.verifiedDomain(anna, domain));
    await product.operator.put(`/v1/operations/bulk-import/${anna.organizationId}`, { enabled: true });
  });
  afterAll(() => product.stop());

  const offer = (owner: Person): Promise<Json> =>
    anna.call.post(anna.path('/merges'), { candidateOwnerEmail: owner.email, role: 'standard_user' });
  const over = (mergeId: string): Promise<Json> =>
    until(
      () => anna.call.get(anna.path(`/merges/${mergeId}`)),
      ({ status }) => status !== 'requested' && status !== 'running',
    );
  const found = () => belonging(product.serving.app.get(LogHead) as unknown as EventStore);

  it('P17, MRG-04: commands of both sides while a merge runs are done once on the right side, or refused with the code that says why', async () => {
    const bob = named('bob');
    for (let n = 0; n < (LONG ? 400 : 55); n += 1)
      await bob.call.post(bob.path('/accounts'), { name: `Account ${n}` });
    const { mergeId } = await offer(bob);
    const token = await product.token(bob.email, 2);
    let isOver = false;
    const made: string[] = [];
    const codes = new Set<string>();
    const busy = async ({ call, path, userId }: Person, name: string): Promise<void> => {
      for (let n = 0; !isOver; n += 1)
        for (const [method, where, body] of [
          ['POST', path('/accounts'), { name: `${name} ${n}` }],
          ['PATCH', path(), { name: `${name} ${n}` }],
          ['POST', path('/invitations'), { email: `${name}-${n}@${domain}`, role: 'standard_user' }],
          ['PATCH', path(`/users/${userId}`), { givenName: `${name}${n}` }],
        ] as const) {
          const reply = await call.send(method, where, { body });
          if (reply.status >= 300) codes.add(`${name} ${reply.status} ${reply.body?.code}`);
          else if (where.endsWith('/accounts')) made.push(reply.body.accountId);
        }
    };
    const others = [busy(bob, 'bob'), busy(bob, 'bob'), busy(anna, 'anna')];
    await bob.call.expecting([200, 202], 'POST', accept, { token });
    expect(await over(mergeId)).toMatchObject({ status: 'completed', reason: null });
    isOver = true;
    await Promise.all(others);
    const allowed = [
      'bob 409 organization_merging',
      'bob 410 organization_absorbed',
      'bob 422 domain_unverified',
      'bob 422 owner_not_managed',
      'bob 403 forbidden',
      'bob 404 not_found',
      'anna 422 pending_invitations_limit',
    ];
    expect([...codes].filter((code) => !allowed.includes(code))).toEqual([]);
    expect([...codes]).toContain('bob 410 organization_absorbed');
    const { wrongs, accounts, absorbed } = await found();
    expect(wrongs).toEqual([]);
    expect([...absorbed]).toEqual([bob.organizationId]);
    expect(new Set(made).size).toBe(made.length);
    for (const accountId of made) expect(accounts.get(accountId)?.organizationId).toBe(anna.organizationId);
  }, 120_000);

  it('P17, MRG-02: an organization is merged or proves a domain of its own; both at once never happen', async () => {
    const carol = named('carol');
    const { mergeId } = await offer(carol);
    const token = await product.token(carol.email, 2);
    const own = product.domain('carols');
    const added = await carol.call.post(carol.path('/domains'), { domain: own, method: 'dns_txt' });
    product.dns.set(added.dnsRecord.host, 'TXT', [added.dnsRecord.value]);
    const [accepted] = await Promise.all([
      carol.call.send('POST', accept, { body: { token } }),
      carol.call.send('POST', carol.path(`/domains/${added.domainId}/verify`)),
    ]);
    expect([200, 202, 409]).toContain(accepted.status);
    // Where the proof was first nothing is accepted, and the offer stands until it ends by time.
    const status = accepted.status === 409 ? 'requested' : (await over(mergeId)).status;
    const { wrongs, absorbed } = await found();
    expect(wrongs).toEqual([]);
    expect(absorbed.has(carol.organizationId)).toBe(status === 'completed');
    if (status === 'completed') {
      // What it may have proved in the last moment has ended with it, and can be proved by others.
      expect((await product.verifiedDomain(anna, own)).status).toBe('verified');
    } else {
      const { items } = await carol.call.get(carol.path('/domains'));
      expect(items).toMatchObject([{ domain: own, status: 'verified' }]);
    }
  });

  it('P17: two organizations that import each other’s Owners: neither is absorbed, and each is told why', async () => {
    const dora = named('dora');
    const hers = product.domain('doras');
    const fred = await product.signUp(`fred@${hers}`);
    await product.verifiedDomain(fred, product.domain('freds'));
    const { domainId: herDomain } = await product.verifiedDomain(dora, hers);
    await product.operator.put(`/v1/operations/bulk-import/${dora.organizationId}`, { enabled: true });
    const prepared = async ({ call, path }: Person, domains: string[]) => {
      const { importId } = await call.expecting([202], 'POST', path('/imports'), { domainIds: domains });
      const become = (status: string) =>
        until(
          () => call.get(path(`/imports/${importId}`)),
          (answer) => answer.status === status,
        );
      await become('ready');
      const body = { acknowledgements: ['usersInformed'] };
      return {
        start: () => call.send('POST', path(`/imports/${importId}/start`), { body }),
        rows: async (): Promise<Json[]> => {
          await become('completed');
          return call.all(path(`/imports/${importId}/rows?minPosition=${await product.head()}`));
        },
      };
    };
    const [annas, doras] = await Promise.all([prepared(anna, [domainId]), prepared(dora, [herDomain])]);
    const [, asked] = await Promise.all([annas.start(), doras.start()]);
    const ours = await annas.rows();
    if (asked.status !== 200) {
      // Until Anna's has seen that Dora has a domain, it holds her organization, and she cannot bring others into it.
      expect(asked).toMatchObject({ status: 409, body: { code: 'organization_merging' } });
      expect((await doras.start()).status).toBe(200);
    }
    const theirs = await doras.rows();
    const reasonOf = (rows: Json[], { userId }: Person) => rows.find((row) => row.userId === userId)?.reason;
    expect(reasonOf(ours, dora)).toMatch(/^owner_of_other_organization_with_domains$|^organization_merging$/);
    expect(reasonOf(theirs, fred)).toBe('owner_of_other_organization_with_domains');
    expect((await dora.call.get(dora.path())).status).toBe('open');
    expect((await found()).wrongs).toEqual([]);
  });
});

describe.each(backends)('what a merge keeps and what it does not on $name', (backend) => {
  let product: Product;
  let anna: Person;
  let domain: string;
  const owners: Record<string, Person> = {};
  const named = (name: string): Person => owners[name] as Person;

  beforeAll(async () => {
    product = await Product.start(backend);
    domain = product.domain('prime');
    for (const name of ['bob', 'carol'])
      owners[name] = await product.signUp(`${name}@${domain}`, { organizationName: `Of ${name}` });
    anna = await product.signUp(`anna@${product.domain('home')}`, { organizationName: 'Prime' });
    await product.verifiedDomain(anna, domain);
  });
  afterAll(() => product.stop());

  const offered = async (owner: Person): Promise<{ mergeId: string; token: string }> => {
    const body = { candidateOwnerEmail: owner.email, role: 'standard_user' };
    const { mergeId } = await anna.call.post(anna.path('/merges'), body);
    return { mergeId, token: await product.token(owner.email, 2) };
  };
  const over = (mergeId: string): Promise<Json> =>
    until(
      () => anna.call.get(anna.path(`/merges/${mergeId}`)),
      ({ status }) => status !== 'requested' && status !== 'running',
    );

  it('USR-18, MRG-02: who accepts when there is no room any more stays with everything, and both sides see why', async () => {
    const carol = named('carol');
    const theirs = product.domain('carols');
    const { domainId } = await product.verifiedDomain(carol, theirs);
    await product.join(carol, `hal@${theirs}`);
    await carol.call.post(carol.path(`/domains/${domainId}/delete`), {
      acknowledgements: ['domain_deleted', 'no_new_users', 'invitations_cancelled', 'users_stay'],
    });
    const { mergeId, token } = await offered(carol);
    const limits = `/v1/operations/organizations/${anna.organizationId}/limits`;
    await product.operator.put(limits, { users: 2, accounts: null });
    await carol.call.expecting([200, 202], 'POST', accept, { token });
    expect(await over(mergeId)).toMatchObject({ status: 'failed', reason: 'user_limit_reached' });
    await product.operator.put(limits, { users: null, accounts: null });
    expect(await carol.call.get(carol.path())).toMatchObject({ status: 'open', ownerId: carol.userId });
    await carol.call.patch(carol.path(), { name: 'Still of Carol' });
    const account = await carol.call.get(`/v1/accounts/${carol.accountId}`);
    expect(account.organizationId).toBe(carol.organizationId);
  });

  it('MRG-08, MRG-06: the settings of the absorbed organization end with it, those of the other bind its people; shared accounts stay shared', async () => {
    const bob = named('bob');
    const frank = await product.signUp(`frank@${product.domain('frank')}`);
    const { additionId } = await bob.call.post(bob.path('/account-additions'), {
      accountId: frank.accountId,
      kind: 'independent',
    });
    await frank.call.post(`/v1/account-additions/${additionId}/confirm`);
    await bob.call.put(bob.path('/sign-up-policy'), { policy: 'outside' });
    const { mergeId, token } = await offered(bob);
    await bob.call.expecting([200, 202], 'POST', accept, { token });
    expect(await over(mergeId)).toMatchObject({ status: 'completed' });
    expect(await anna.call.get(anna.path())).toMatchObject({ name: 'Prime', signUpPolicy: 'invite_only' });
    await anna.call.put(anna.path(`/users/${bob.userId}/two-factor-requirement`), { required: true });
    const position = await product.head();
    expect(await anna.call.get(anna.path(`/users/${bob.userId}?minPosition=${position}`))).toMatchObject({
      twoFactorRequired: true,
    });
    const { items } = await anna.call.get(anna.path('/accounts?kind=independent'));
    expect(items).toMatchObject([{ accountId: frank.accountId, organizationId: frank.organizationId }]);
    const [seen] = (await frank.call.get(`/v1/accounts/${frank.accountId}/users`)).items;
    expect(seen.userId).toBe(frank.userId);
  });
});
