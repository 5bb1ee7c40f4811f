import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Json } from '../support/caller.ts';
import { at, backends, type Person, Product, password } from '../support/product.ts';

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const id = (prefix: string) => expect.stringMatching(new RegExp(`^${prefix}_[0-9a-f]{32}$`));

describe.each(backends)('the main job on $name', (backend) => {
  let product: Product;
  let anna: Person;
  let bob: Json;
  let carol: Json;
  let bobsCall: Person['call'];
  let domain: string;
  let beforeAcceptance: string;
  let end: string;

  beforeAll(async () => {
    product = await Product.start(backend);
    domain = product.domain('corporate');
  });
  afterAll(() => product.stop());

  it('ORG-02 ORG-04 ORG-08: who signs up owns an organization with a first account', async () => {
    const receipt = await product.nobody.post('/v1/sign-ups', {
      email: `anna@${domain}`,
      password,
      givenName: 'Anna',
      familyName: 'Berg',
      organizationName: 'Corporate',
      accountName: 'Production',
    });
    expect(receipt).toEqual({
      id: receipt.userId,
      stream: `user-${receipt.userId}`,
      revision: expect.any(Number),
      position: expect.any(String),
      events: expect.arrayContaining([{ id: expect.any(String), type: 'UserRegistered' }]),
      userId: id('usr'),
      organizationId: id('org'),
      accountId: id('acc'),
    });
    const { token, call } = await product.signIn(`anna@${domain}`);
    anna = {
      ...receipt,
      email: `anna@${domain}`,
      token,
      call,
      path: (rest = '') => `/v1/organizations/${receipt.organizationId}${rest}`,
    };
    await product.nobody.post('/v1/email-verifications/complete', { token: await product.token(anna.email) });
    expect(await call.get('/v1/me')).toMatchObject({
      userId: anna.userId,
      email: anna.email,
      emailVerified: true,
      organizationId: anna.organizationId,
      role: 'owner',
    });
    const organization = await call.get(anna.path(`?${at(receipt.position)}`));
    expect(organization).toEqual({
      organizationId: anna.organizationId,
      name: 'Corporate',
      ownerId: anna.userId,
      signUpPolicy: 'invite_only',
      status: 'open',
      ownerOnUnverifiedDomain: false,
      createdAt: time,
    });
    const accounts = await call.get(anna.path('/accounts'));
    expect(accounts.items).toEqual([
      {
        accountId: anna.accountId,
        organizationId: anna.organizationId,
        name: 'Production',
        kind: 'managed',
        status: 'active',
        ownerId: anna.userId,
        ownerEmail: anna.email,
        users: 1,
        twoFactorRequired: false,
        createdAt: time,
      },
    ]);
    expect(await call.get(`/v1/accounts/${anna.accountId}`)).toEqual(accounts.items[0]);
  });

  it('DOM-02 USR-05 DOM-10: a domain is proved by its record and not before', async () => {
    const { call } = anna;
    const added = await call.post(anna.path('/domains'), { domain, method: 'dns_txt' });
    expect(added).toMatchObject({
      domainId: id('dom'),
      domain,
      method: 'dns_txt',
      status: 'pending',
      dnsRecord: { host: `_orgledger.${domain}`, type: 'TXT', value: expect.any(String), ttl: 3600 },
      file: { url: `https://${domain}/.well-known/orgledger-domain-verification.html` },
    });
    expect(added.dnsRecord.value).toMatch(/^orgledger-domain-verification=[0-9a-f]{32}$/);
    await call.refused(422, 'domain_unverified', 'POST', anna.path('/invitations'), {
      body: { email: `bob@${domain}`, role: 'standard_user' },
    });
    const verify = anna.path(`/domains/${added.domainId}/verify`);
    expect(await call.post(verify)).toMatchObject({ status: 'pending', observed: [] });
    product.dns.set(added.dnsRecord.host, 'TXT', [added.dnsRecord.value]);
    const verified = await call.post(verify);
    expect(verified).toMatchObject({ status: 'verified', observed: [added.dnsRecord.value] });
    const list = await call.get(anna.path(`/domains?${at(verified.position)}`));
    expect(list).toMatchObject({ total: 1, nextCursor: null, asOf: time });
    expect(list.items).toMatchObject([
      {
        domainId: added.domainId,
        domain,
        method: 'dns_txt',
        status: 'verified',
        verifiedAt: time,
        lastCheckedAt: time,
        nextCheckAt: time,
        unvalidatedSince: null,
        deletionDueAt: null,
        managedUsers: 1,
      },
    ]);
  });

  it('INV-01 INV-03 AMB-03 USR-03 USR-04: who is invited is pending, with everything about the invitation', async () => {
    bob = await product.invite(anna, `bob@${domain}`);
    expect(bob).toMatchObject({
      id: bob.invitationId,
      invitationId: id('inv'),
      userId: id('usr'),
      kind: 'new_user',
      expiresAt: time,
    });
    carol = await product.invite(anna, `carol@${domain}`, 'administrator');
    const pending = await anna.call.get(anna.path(`/users?kind=pending&${at(carol.position)}`));
    const item = (invitation: Json, email: string, role: string) => ({
      userId: invitation.userId,
      organizationId: anna.organizationId,
      kind: 'pending',
      email,
      emailVerified: false,
      givenName: '',
      familyName: '',
      role,
      status: 'pending',
      twoFactorRequired: false,
      domain,
      accounts: 0,
      joinedAt: null,
      invitationId: invitation.invitationId,
      invitedBy: anna.userId,
      sentAt: time,
      expiresAt: invitation.expiresAt,
      timesSent: 1,
      isMerge: false,
      delivery: expect.any(String),
    });
    expect(pending.items).toEqual([
      item(bob, `bob@${domain}`, 'standard_user'),
      item(carol, `carol@${domain}`, 'administrator'),
    ]);
    const resent = await anna.call.post(anna.path(`/invitations/${bob.invitationId}/resend`));
    beforeAcceptance = resent.position;
  });

  it('INV-03: acceptance answers when the person is a managed user', async () => {
    const accepted = await product.nobody.post('/v1/invitations/accept', {
      token: await product.token(`bob@${domain}`, 2),
      password,
      givenName: 'Bob',
      familyName: 'Ray',
    });
    expect(accepted).toMatchObject({ userId: bob.userId, organizationId: anna.organizationId });
    const list = await anna.call.get(anna.path(`/users?${at(accepted.position)}`));
    expect(list.items).toMatchObject([
      { userId: anna.userId, kind: 'managed', role: 'owner', accounts: 1 },
      { userId: carol.userId, kind: 'pending' },
      { userId: bob.userId, kind: 'managed', role: 'standard_user', accounts: 0, status: 'active' },
    ]);
    await product.nobody.post('/v1/invitations/decline', { token: await product.token(`carol@${domain}`) });
    bobsCall = (await product.signIn(`bob@${domain}`)).call;
    expect(await bobsCall.get('/v1/me')).toMatchObject({
      userId: bob.userId,
      role: 'standard_user',
      emailVerified: true,
    });
    const renamed = await anna.call.patch(anna.path(), { name: 'Corporate Inc.' });
    end = renamed.position;
  });

  it('USR-01 USR-02 USR-03: lists and summary count the same', async () => {
    const { call } = anna;
    const users = await call.get(anna.path(`/users?${at(end)}`));
    expect(users.items.map(({ email }: Json) => email)).toEqual([`anna@${domain}`, `bob@${domain}`]);
    const kinds = ['managed', 'independent', 'pending'];
    const totals = await Promise.all(
      kinds.map(async (kind) => (await call.get(anna.path(`/users?kind=${kind}`))).total),
    );
    expect(totals).toEqual([2, 0, 0]);
    expect(await call.get(anna.path('/summary'))).toMatchObject({
      users: { managed: 2, independent: 0, pending: 0 },
      accounts: { managed: 1, independent: 0, pending: 0 },
      domains: { pending: 0, verified: 1, unvalidated: 0 },
    });
    const invitations = await call.get(anna.path('/invitations'));
    expect(invitations.items).toMatchObject([
      { email: `bob@${domain}`, status: 'accepted', timesSent: 2 },
      { email: `carol@${domain}`, status: 'declined', timesSent: 1 },
    ]);
  });

  it('the audit history tells who did what to whom, from where, caused by what', async () => {
    const { items } = await anna.call.get(anna.path(`/audit-events?limit=200&${at(end)}`));
    const type = new Map(items.map((item: Json) => [item.id, item.type]));
    const actor = ({ actor: { type: kind, id: who } }: Json) =>
      kind === 'system'
        ? 'system'
        : new Map([
            [anna.userId, 'anna'],
            [bob.userId, 'bob'],
            [carol.userId, 'carol'],
          ]).get(who);
    const told = items
      .toReversed()
      .map((item: Json) => [item.type, actor(item), item.resource.type, type.get(item.causationId) ?? null]);
    expect(told).toEqual([
      ['UserRegistered', 'anna', 'user', null],
      ['OrganizationCreated', 'system', 'organization', 'UserRegistered'],
      ['UserJoinedOrg', 'system', 'user', 'UserRegistered'],
      ['AccountCreated', 'system', 'account', 'UserRegistered'],
      ['EmailVerified', 'anna', 'user', null],
      ['DomainAdded', 'anna', 'domain', null],
      ['DomainVerificationFailed', 'anna', 'domain', null],
      ['DomainVerified', 'anna', 'domain', null],
      ['UserRegistered', 'anna', 'user', null],
      ['InviteSent', 'anna', 'invitation', null],
      ['UserRegistered', 'anna', 'user', null],
      ['InviteSent', 'anna', 'invitation', null],
      ['InviteResent', 'anna', 'invitation', null],
      ['InviteAccepted', 'bob', 'invitation', null],
      ['UserActivated', 'system', 'user', 'InviteAccepted'],
      ['EmailVerified', 'system', 'user', 'InviteAccepted'],
      ['UserJoinedOrg', 'system', 'user', 'InviteAccepted'],
      ['InviteDeclined', 'carol', 'invitation', null],
      ['PendingUserDiscarded', 'system', 'user', 'InviteDeclined'],
      ['OrganizationRenamed', 'anna', 'organization', null],
    ]);
    for (const item of items) {
      expect(item).toEqual({
        id: expect.any(String),
        position: expect.stringMatching(/^\d+$/),
        type: expect.any(String),
        occurredAt: time,
        actor: expect.anything(),
        source: item.actor.type === 'system' ? 'system' : 'api',
        sourceIp: item.actor.type === 'system' ? null : '127.0.0.1',
        organizationId: anna.organizationId,
        resource: { type: expect.any(String), id: expect.any(String) },
        summary: expect.stringMatching(/\.$/),
        data: expect.anything(),
        changes: expect.any(Array),
        correlationId: expect.any(String),
        causationId: item.actor.type === 'system' ? expect.any(String) : null,
      });
      expect(await anna.call.get(anna.path(`/audit-events/${item.id}`))).toEqual(item);
    }
    expect(items[0].changes).toEqual([{ field: 'name', previous: 'Corporate', updated: 'Corporate Inc.' }]);
    expect(JSON.stringify(items)).not.toMatch(/tokenHash|password|fingerprint/i);
  });

  it('every list can be read as it was', async () => {
    const then = await anna.call.get(anna.path(`/users?asOf=${beforeAcceptance}`));
    expect(then.items.map(({ kind }: Json) => kind)).toEqual(['managed', 'pending', 'pending']);
    expect((await anna.call.get(anna.path(`?asOf=${beforeAcceptance}`))).name).toBe('Corporate');
    expect((await anna.call.get(anna.path(`/users?asOf=${end}`))).total).toBe(2);
  });

  it('ROL-01 ROL-03 USR-06: a Standard User manages nothing and sees themselves', async () => {
    for (const list of ['users', 'accounts', 'domains', 'invitations', 'audit-events', 'summary'])
      await bobsCall.refused(403, 'forbidden', 'GET', anna.path(`/${list}`));
    for (const [method, path, body] of [
      ['POST', '/domains', { domain: 'x.example', method: 'dns_txt' }],
      ['POST', '/invitations', { email: `dave@${domain}`, role: 'standard_user' }],
      ['PATCH', '', { name: 'Mine' }],
      ['DELETE', '', undefined],
      ['PATCH', `/users/${anna.userId}`, { givenName: 'Not' }],
    ] as const)
      await bobsCall.refused(403, 'forbidden', method, anna.path(path), { body });
    expect(await bobsCall.get(anna.path(`/users/${bob.userId}`))).toMatchObject({ userId: bob.userId });
    expect(await bobsCall.patch(anna.path(`/users/${bob.userId}`), { givenName: 'Robert' })).toMatchObject({
      givenName: 'Robert',
      familyName: 'Ray',
    });
  });

  it('AMB-01: an organization cannot be deleted', async () => {
    await anna.call.refused(409, 'organization_deletion_not_available', 'DELETE', anna.path());
  });

  it('rebuilding every read model changes no byte, also after a restart', async () => {
    const snapshot = async () => {
      const lists = ['', '/users', '/accounts', '/domains', '/invitations', '/audit-events?limit=200'];
      const replies = await Promise.all(lists.map((list) => anna.call.send('GET', anna.path(list))));
      return replies.map(({ status, text }) => `${status} ${text.replace(/"asOf":"[^"]*"/, '')}`);
    };
    const settledAt = await product.head();
    await anna.call.get(anna.path(`/users?${at(String(settledAt))}`));
    const before = await snapshot();
    const { items } = await product.operator.get('/v1/operations/projections');
    expect(items.map(({ name }: Json) => name).sort()).toEqual(
      expect.arrayContaining(['accounts', 'audit', 'domains', 'invitations', 'organizations', 'users']),
    );
    for (const { name } of items) await product.operator.post(`/v1/operations/projections/${name}/rebuild`);
    expect(await snapshot()).toEqual(before);
    await product.restart();
    expect(await snapshot()).toEqual(before);
  });
});
