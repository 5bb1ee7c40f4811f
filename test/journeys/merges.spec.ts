import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Commands } from '#commands';
import type { Json } from '../support/caller.ts';
import { at, backends, type Person, Product, until } from '../support/product.ts';

const accept = '/v1/invitations/accept';

describe.each(backends)('merges on $name', (backend) => {
  let product: Product;
  let anna: Person;
  let domain: string;
  const owners: Record<string, Person> = {};

  beforeAll(async () => {
    product = await Product.start(backend);
    domain = product.domain('prime');
    // With an address of the domain, before it is proved.
    for (const name of ['bob', 'carol', 'dora', 'erin', 'fred', 'gina'])
      owners[name] = await product.signUp(`${name}@${domain}`, { organizationName: `Of ${name}` });
    anna = await product.signUp(`anna@${product.domain('home')}`);
    await product.verifiedDomain(anna, domain);
  });
  afterAll(() => product.stop());

  const offer = (owner: Person, role = 'administrator'): Promise<Json> =>
    anna.call.post(anna.path('/merges'), { candidateOwnerEmail: owner.email, role });
  const user = (userId: string, position: string): Promise<Json> =>
    anna.call.get(anna.path(`/users/${userId}?${at(position)}`));
  const mergeOf = (mergeId: string): Promise<Json> => anna.call.get(anna.path(`/merges/${mergeId}`));

  it('MRG-02, MRG-05, USR-18, ACC-11: the preview tells users, accounts, downgrades and what stands in the way, and changes nothing', async () => {
    const { bob, carol } = owners as Record<string, Person>;
    const path = (email: string) =>
      anna.path(`/merges/preview?candidateOwnerEmail=${encodeURIComponent(email)}`);
    const shown = await anna.call.get(path(bob!.email));
    expect(shown).toMatchObject({
      mergeable: true,
      blockers: [],
      candidateOrganizationId: bob!.organizationId,
      candidateOrganizationName: 'Of bob',
      users: [{ userId: bob!.userId, email: bob!.email, fromRole: 'owner', toRole: 'standard_user' }],
      accounts: [{ accountId: bob!.accountId }],
      roleDowngrades: [{ userId: bob!.userId }],
    });
    const limits = `/v1/operations/organizations/${anna.organizationId}/limits`;
    await product.operator.put(limits, { users: 1, accounts: null });
    const crowded = await anna.call.get(path(bob!.email));
    expect([crowded.mergeable, crowded.blockers.map(({ code }: Json) => code)]).toEqual([
      false,
      ['user_limit_reached'],
    ]);
    await product.operator.put(limits, { users: null, accounts: 1 });
    const { blockers } = await anna.call.get(path(bob!.email));
    expect(blockers.map(({ code }: Json) => code)).toEqual(['account_limit_reached']);
    await product.operator.put(limits, { users: null, accounts: null });
    await product.verifiedDomain(carol!, product.domain('carols'));
    const blocked = await anna.call.get(path(carol!.email));
    expect([blocked.mergeable, blocked.blockers.map(({ code }: Json) => code)]).toEqual([
      false,
      ['candidate_has_verified_domains'],
    ]);
    const refused = await anna.call.refused(409, 'merge_blocked', 'POST', anna.path('/merges'), {
      body: { candidateOwnerEmail: carol!.email, role: 'standard_user' },
    });
    expect(refused.blockers).toHaveLength(1);
    await anna.call.refused(404, 'not_found', 'GET', path(`nobody@${domain}`));
    await anna.call.refused(422, 'domain_unverified', 'GET', path('x@elsewhere.example'));
    expect((await anna.call.get(anna.path('/merges'))).total).toBe(0);
  });

  it('INV-11, MRG-01, MRG-03, MRG-04: accepting merges: people and accounts move, the organization answers 410, its history stays readable', async () => {
    const bob = owners.bob as Person;
    const key = await bob.call.post(bob.path('/api-keys'), { name: 'Robot', role: 'administrator' });
    const offered = await offer(bob);
    expect(offered).toMatchObject({ kind: 'merge', userId: bob.userId });
    const pending = await anna.call.get(anna.path(`/users?kind=pending&${at(offered.position)}`));
    expect(pending.items).toMatchObject([{ userId: bob.userId, isMerge: true, role: 'administrator' }]);
    const token = await product.token(bob.email, 2);
    const { messages } = product.smtp;
    const mail = messages.findLast(({ to }) => to === bob.email);
    expect(mail?.text).toContain('Accepting merges your organization Of bob');
    const seen = await bob.call.get(`/v1/invitations/by-token?token=${token}`);
    expect(seen).toMatchObject({ kind: 'merge', signInRequired: true });
    const { position } = await bob.call.post(accept, { token });
    expect(await user(bob.userId, position)).toMatchObject({
      kind: 'managed',
      role: 'administrator',
      accounts: 1,
    });
    const account = await anna.call.get(`/v1/accounts/${bob.accountId}`);
    expect(account).toMatchObject({ organizationId: anna.organizationId, ownerId: bob.userId });
    const merge = await mergeOf(offered.mergeId);
    expect(merge).toMatchObject({ status: 'completed', users: 1, accounts: 1, via: 'invitation' });
    const gone = await bob.call.refused(410, 'organization_absorbed', 'GET', bob.path());
    expect(gone.successorId).toBe(anna.organizationId);
    await anna.call.refused(410, 'organization_absorbed', 'PATCH', bob.path(), { body: { name: 'X' } });
    const stranger = await product.signUp(`s@${product.domain('stranger')}`);
    await stranger.call.refused(404, 'not_found', 'GET', bob.path());
    await stranger.call.refused(404, 'not_found', 'GET', bob.path('/audit-events'));
    const history = await anna.call.all(bob.path('/audit-events?limit=200'));
    expect(history.map(({ type }: Json) => type)).toEqual(
      expect.arrayContaining(['OrganizationCreated', 'OrganizationMergeStarted', 'OrganizationAbsorbed']),
    );
    const robot = product.nobody.as(key.secret);
    await robot.refused(401, 'unauthenticated', 'GET', bob.path('/users'));
    expect((await anna.call.get(anna.path('/audit-events?type=MergeCompleted'))).total).toBe(1);
  });

  it('P2: a merge that is over and is asked for again is answered as done, and its invitation stays accepted', async () => {
    const { bob } = owners as Record<string, Person>;
    const { items } = await anna.call.get(anna.path('/audit-events?type=InviteAccepted'));
    const [{ id, data }] = items;
    const { invitationId, organizationId, role } = data;
    const sides = { organizationId, candidateOrganizationId: bob!.organizationId };
    const fields = { ...sides, invitationId, candidateOwnerId: bob!.userId, role };
    const outcome = await product.serving.app
      .get(Commands)
      .issue({ command: 'StartMerge', fields }, 'after a crash', id);
    expect(outcome).toMatchObject({ events: [{ type: 'MergeStarted' }] });
    expect(await anna.call.get(anna.path(`/invitations/${invitationId}`))).toMatchObject({
      status: 'accepted',
    });
  });

  it('MRG-03: an offer that is declined or cancelled leaves both organizations as they were', async () => {
    const dora = owners.dora as Person;
    const offered = await offer(dora);
    await product.nobody.post('/v1/invitations/decline', { token: await product.token(dora.email, 2) });
    await until(
      () => mergeOf(offered.mergeId),
      ({ status }) => status === 'withdrawn',
    );
    const again = await offer(dora);
    await anna.call.post(anna.path(`/invitations/${again.invitationId}/cancel`));
    const { status, reason } = await mergeOf(again.mergeId);
    expect([status, reason]).toEqual(['withdrawn', 'cancelled']);
    expect((await dora.call.get(dora.path())).status).toBe('open');
  });

  it('P17: two Owners accept at once: both organizations move, and a used link is dead for everybody else', async () => {
    const [erin, fred] = [owners.erin as Person, owners.fred as Person];
    const offers = [await offer(erin), await offer(fred, 'standard_user')];
    const tokens = [await product.token(erin.email, 2), await product.token(fred.email, 2)];
    const replies = await Promise.all(
      [erin, fred].map((owner, n) => owner.call.send('POST', accept, { body: { token: tokens[n] } })),
    );
    for (const { status } of replies) expect([200, 202]).toContain(status);
    for (const { mergeId } of offers)
      await until(
        () => mergeOf(mergeId),
        ({ status }) => status === 'completed',
      );
    const position = String(await product.head());
    expect((await user(erin.userId, position)).role).toBe('administrator');
    expect((await user(fred.userId, position)).role).toBe('standard_user');
    await erin.call.refused(404, 'invitation_link_invalid', 'POST', accept, { body: { token: tokens[1] } });
  });

  it('MRG-02: the preview of a large organization comes a part at a time: first all users, then all accounts', async () => {
    const gina = owners.gina as Person;
    const path = anna.path(`/merges/preview?candidateOwnerEmail=${encodeURIComponent(gina.email)}&limit=1`);
    const theirs = product.domain('ginas');
    await product.verifiedDomain(gina, theirs);
    const hal = await product.join(gina, `hal@${theirs}`);
    const parts: Json[] = [];
    for (let cursor: string | null = ''; cursor !== null; cursor = parts.at(-1)?.nextCursor)
      parts.push(await anna.call.get(path + (cursor && `&cursor=${cursor}`)));
    expect(parts.map(({ users, accounts }) => [users.length, accounts.length])).toEqual([
      [1, 0],
      [1, 0],
      [0, 1],
    ]);
    for (const part of parts)
      expect(part).toMatchObject({
        usersTotal: 2,
        accountsTotal: 1,
        roleDowngradesTotal: 1,
        position: expect.stringMatching(/^\d+$/),
      });
    const users = parts.flatMap((part) => part.users);
    expect(users.sort((one: Json, other: Json) => (one.fromRole < other.fromRole ? -1 : 1))).toEqual([
      { userId: gina.userId, email: gina.email, fromRole: 'owner', toRole: 'standard_user' },
      { userId: hal.userId, email: null, fromRole: 'standard_user', toRole: 'standard_user' },
    ]);
    expect(parts.flatMap((part) => part.roleDowngrades)).toMatchObject([{ userId: gina.userId }]);
    const of = (email: string, cursor: string) =>
      anna.path(`/merges/preview?candidateOwnerEmail=${encodeURIComponent(email)}&cursor=${cursor}`);
    await anna.call.refused(400, 'cursor_invalid', 'GET', of(gina.email, 'xyz'));
    const dora = owners.dora as Person;
    await anna.call.refused(400, 'cursor_invalid', 'GET', of(dora.email, parts[0]?.nextCursor));
  });

  it('AMB-13: who is a member, not the Owner, of another organization is refused', async () => {
    const gina = owners.gina as Person;
    const theirs = product.domain('ginas');
    await anna.call.refused(422, 'domain_unverified', 'POST', anna.path('/merges'), {
      body: { candidateOwnerEmail: `hal@${theirs}`, role: 'standard_user' },
    });
    const body = { email: gina.email, role: 'standard_user' };
    await anna.call.refused(409, 'user_belongs_to_another_organization', 'POST', anna.path('/invitations'), {
      body,
    });
  });
});
