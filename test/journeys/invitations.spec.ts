import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Json } from '../support/caller.ts';
import { at, backends, type Person, Product, password, until } from '../support/product.ts';

const DAY = 86_400_000;
const accept = '/v1/invitations/accept';
const decline = '/v1/invitations/decline';

/** A problem document without what differs from request to request. */
const plain = ({ requestId: _, instance: __, ...rest }: Json): Json => rest;

describe.each(backends)('invitations on $name', (backend) => {
  let product: Product;
  let anna: Person;
  let early: Person;
  let domain: string;

  beforeAll(async () => {
    product = await Product.start(backend);
    domain = product.domain('corporate');
    anna = await product.signUp(`anna@${domain}`, { organizationName: 'Corporate' });
    early = await product.signUp(`early@${domain}`);
    await product.verifiedDomain(anna, domain);
  });
  afterAll(() => product.stop());

  const address = (name: string): string => `${name}@${domain}`;
  const newcomer = (token: string, name = 'Bob') => ({ token, password, givenName: name, familyName: 'Ray' });
  const list = (query: string): Promise<Json> => anna.call.get(anna.path(`/invitations?${query}`));
  const refusedLink = async (method: string, path: string, body?: object): Promise<Json> => {
    const problem = await product.nobody.refused(404, 'invitation_link_invalid', method, path, { body });
    expect(problem.detail).toBe('This invitation link is Invalid.');
    return plain(problem);
  };
  /** Everything that can be done with a link answers the one sentence. */
  const dead = async (token: string): Promise<void> => {
    const answers = [
      await refusedLink('GET', `/v1/invitations/by-token?token=${token}`),
      await refusedLink('POST', accept, newcomer(token)),
      await refusedLink('POST', decline, { token }),
    ];
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  };

  it('INV-01 ROL-04: administrators and standard users are invited, the Owner is not', async () => {
    for (const role of ['administrator', 'standard_user'])
      expect(await product.invite(anna, address(role.replace('_', '-')), role)).toMatchObject({
        kind: 'new_user',
      });
    const refusals = [
      ['owner', 422, 'owner_role_by_transfer_only'],
      ['admin', 400, 'validation_failed'],
      ['king', 400, 'validation_failed'],
    ] as const;
    for (const [role, status, code] of refusals)
      await anna.call.refused(status, code, 'POST', anna.path('/invitations'), {
        body: { email: address('x'), role },
      });
  });

  it('INV-04 AMB-08: an invitation is open for seven days unless told otherwise', async () => {
    const { invitationId, position } = await product.invite(anna, address('week'));
    const { sentAt, expiresAt } = await anna.call.get(
      anna.path(`/invitations/${invitationId}?${at(position)}`),
    );
    expect(Math.abs(Date.parse(expiresAt) - Date.parse(sentAt) - 7 * DAY)).toBeLessThan(1_000);
  });

  it('INV-03: before accepting, nobody can sign in; reading the link does not accept', async () => {
    await product.invite(anna, address('careful'));
    const token = await product.token(address('careful'));
    const credentials = { email: address('careful'), password };
    await product.nobody.refused(401, 'sign_in_failed', 'POST', '/v1/sessions', { body: credentials });
    for (let count = 0; count < 2; count++)
      expect(await product.nobody.get(`/v1/invitations/by-token?token=${token}`)).toEqual({
        kind: 'new_user',
        organizationName: 'Corporate',
        inviterName: 'Anna Berg',
        email: address('careful'),
        role: 'standard_user',
        accounts: [],
        ownedAccounts: [],
        expiresAt: expect.any(String),
        signInRequired: false,
      });
    await product.nobody.refused(400, 'validation_failed', 'POST', accept, { body: { token } });
    const weak = { ...newcomer(token), password: '12345678' };
    await product.nobody.refused(422, 'password_too_weak', 'POST', accept, { body: weak });
    await product.nobody.post(accept, newcomer(token));
    await product.signIn(address('careful'));
  });

  it('an address has one pending invitation, a member none', async () => {
    await product.invite(anna, address('once'));
    const invite = (email: string) => ({ body: { email, role: 'standard_user' } });
    for (const email of [address('once'), address('once').toUpperCase()])
      await anna.call.refused(
        409,
        'invitation_already_pending',
        'POST',
        anna.path('/invitations'),
        invite(email),
      );
    await anna.call.refused(409, 'already_member', 'POST', anna.path('/invitations'), invite(anna.email));
    const many = await Promise.all(
      Array.from({ length: 6 }, () =>
        anna.call.send('POST', anna.path('/invitations'), invite(address('many'))),
      ),
    );
    expect(many.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409, 409]);
  });

  it('AMB-13 AMB-33: who is alone in their own organization is invited to merge it; who is a member already is refused', async () => {
    const dry = await anna.call.post(anna.path('/invitations?dryRun=true'), {
      email: early.email,
      role: 'standard_user',
    });
    expect(dry.events).toMatchObject([
      { type: 'InviteSent', data: { kind: 'merge', absorbs: early.organizationId } },
    ]);
    const body = { email: anna.email, role: 'standard_user' };
    await anna.call.refused(409, 'already_member', 'POST', anna.path('/invitations'), { body });
  });

  it('INV-05 INV-06 INV-07 ERR-04: only the newest link works', async () => {
    const { invitationId } = await product.invite(anna, address('resent'));
    const first = await product.token(address('resent'));
    const resent = await anna.call.post(anna.path(`/invitations/${invitationId}/resend`));
    expect(resent.events).toMatchObject([{ type: 'InviteResent' }]);
    const second = await product.token(address('resent'), 2);
    expect(second).not.toBe(first);
    await dead(first);
    expect(
      await anna.call.get(anna.path(`/invitations/${invitationId}?${at(resent.position)}`)),
    ).toMatchObject({
      status: 'pending',
      timesSent: 2,
      expiresAt: resent.expiresAt,
    });
    await product.nobody.post(accept, newcomer(second));
  });

  it('ERR-04: a link that is unknown, used, cancelled or declined answers like every other dead one', async () => {
    for (const token of ['x', 'A'.repeat(60), `inv_${'0'.repeat(32)}`]) await dead(token);
    const tokens: Record<string, string> = {};
    const ids: Record<string, string> = {};
    for (const fate of ['used', 'cancelled', 'declined']) {
      ids[fate] = (await product.invite(anna, address(fate))).invitationId;
      tokens[fate] = await product.token(address(fate));
    }
    await product.nobody.post(accept, newcomer(tokens.used ?? ''));
    await anna.call.post(anna.path(`/invitations/${ids.cancelled}/cancel`));
    await product.nobody.post(decline, { token: tokens.declined });
    for (const token of Object.values(tokens)) await dead(token);
    const changed = `${tokens.used?.slice(0, -2)}${tokens.used?.endsWith('A') ? 'B' : 'A'}_`;
    await dead(changed);
    for (const [fate, status] of [
      ['used', 'accepted'],
      ['cancelled', 'cancelled'],
      ['declined', 'declined'],
    ] as const)
      expect(await anna.call.get(anna.path(`/invitations/${ids[fate]}`))).toMatchObject({ status });
  });

  it('AMB-03: cancelled or declined, the pending person is gone and the address is free', async () => {
    const first = await product.invite(anna, address('again'));
    await product.token(address('again'));
    const cancelled = await anna.call.post(anna.path(`/invitations/${first.invitationId}/cancel`));
    const users = await anna.call.get(anna.path(`/users?search=again&${at(cancelled.position)}`));
    expect(users.total).toBe(0);
    await anna.call.refused(404, 'not_found', 'GET', anna.path(`/users/${first.userId}`));
    const second = await product.invite(anna, address('again'));
    expect([second.invitationId === first.invitationId, second.userId === first.userId]).toEqual([
      false,
      false,
    ]);
    await product.nobody.post(decline, { token: await product.token(address('again'), 2) });
    await product.invite(anna, address('again'));
    const joined = await product.nobody.post(accept, newcomer(await product.token(address('again'), 3)));
    await anna.call.refused(
      409,
      'invitation_not_pending',
      'POST',
      anna.path(`/invitations/${joined.invitationId}/cancel`),
    );
    await anna.call.refused(
      409,
      'invitation_not_pending',
      'POST',
      anna.path(`/invitations/${joined.invitationId}/resend`),
    );
  });

  it('of eight acceptances at once one wins, with its name and its password', async () => {
    const invited = await product.invite(anna, address('eight'));
    const token = await product.token(address('eight'));
    const secret = (n: number) => `number ${n} is a fine river`;
    const replies = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        product.nobody.send('POST', accept, {
          body: { token, password: secret(n), givenName: `N${n}`, familyName: 'Ray' },
        }),
      ),
    );
    const winners = replies.flatMap(({ status }, n) => (status === 200 ? [n] : []));
    expect(winners).toHaveLength(1);
    expect(replies.flatMap(({ body }) => body.code ?? [])).toEqual(Array(7).fill('invitation_link_invalid'));
    const [winner = 0] = winners;
    const { call } = await product.signIn(address('eight'), secret(winner));
    expect(await call.get('/v1/me')).toMatchObject({ userId: invited.userId, givenName: `N${winner}` });
    for (const loser of [0, 1, 2].filter((n) => n !== winner))
      await product.nobody.refused(401, 'sign_in_failed', 'POST', '/v1/sessions', {
        body: { email: address('eight'), password: secret(loser) },
      });
    const repeated = await call.send('POST', accept, { body: { token } });
    expect(repeated.body).toEqual(replies[winner]?.body);
    await anna.call.refused(404, 'invitation_link_invalid', 'POST', accept, { body: { token } });
    const joins = await anna.call.get(anna.path(`/audit-events?type=UserJoinedOrg&userId=${invited.userId}`));
    expect(joins.total).toBe(1);
  });

  it('INV-12: what became of the mail stands with the invitation and the pending person', async () => {
    const states = async (name: string) => {
      const [invitation] = (await list(`search=${name}`)).items;
      const [person] = (await anna.call.get(anna.path(`/users?kind=pending&search=${name}`))).items;
      return [invitation?.delivery, person?.delivery];
    };
    const becomes = (name: string, delivery: string) =>
      until(
        () => states(name),
        (answer) => answer.every((state: string) => state === delivery),
      );
    await product.invite(anna, address('delivered'));
    await becomes('delivered', 'accepted');
    product.smtp.faults.plan('rcpt_5xx');
    const bounced = await product.invite(anna, address('bounced'));
    await becomes('bounced', 'bounced');
    expect(product.smtp.faults.injected.rcpt_5xx).toBe(1);
    await anna.call.post(anna.path(`/invitations/${bounced.invitationId}/resend`));
    await becomes('bounced', 'accepted');
    product.smtp.faults.plan('rcpt_4xx');
    await product.invite(anna, address('deferred'));
    await becomes('deferred', 'deferred');
  });

  it('the list finds by status and beginning of address, and sorts', async () => {
    const names = async (query: string): Promise<string[]> =>
      (await list(query)).items.map(({ email }: Json) => email.split('@')[0]);
    expect(await names('search=RES')).toEqual(['resent']);
    expect(await names('search=%20res%20')).toEqual(['resent']);
    expect(await names('status=cancelled')).toEqual(['again', 'cancelled']);
    expect(await names('status=declined&sort=email')).toEqual(['again', 'declined']);
    expect(await names('status=declined&sort=-email')).toEqual(['declined', 'again']);
    const sent = (await anna.call.all(anna.path('/invitations?limit=7'))).map(({ sentAt }: Json) => sentAt);
    expect(sent).toEqual(sent.toSorted().reverse());
    expect(sent).toEqual(
      (await anna.call.all(anna.path('/invitations?sort=sentAt')))
        .map(({ sentAt }: Json) => sentAt)
        .reverse(),
    );
  });
});

describe.each(backends)('limits of invitations on $name', (backend) => {
  let product: Product;
  let anna: Person;
  let domain: string;

  beforeAll(async () => {
    product = await Product.start(backend, {
      settings: { ORGLEDGER_PENDING_INVITATIONS: '3', ORGLEDGER_INVITATION_DAYS: '30' },
      rateLimits: true,
    });
    domain = product.domain('corporate');
    anna = await product.signUp(`anna@${domain}`);
    await product.verifiedDomain(anna, domain);
  });
  afterAll(() => product.stop());

  it('AMB-09 AMB-34 ERR-03 INV-08: of ten invitations at once three are sent; room comes back', async () => {
    const invite = (name: string) =>
      anna.call.send('POST', anna.path('/invitations'), {
        body: { email: `${name}@${domain}`, role: 'standard_user' },
      });
    const replies = await Promise.all(Array.from({ length: 10 }, (_, n) => invite(`many${n}`)));
    const sent = replies.filter(({ status }) => status === 201).map(({ body }) => body);
    expect(sent).toHaveLength(3);
    const full = {
      code: 'pending_invitations_limit',
      status: 422,
      detail: 'Unable to perform operation. Please try again or visit our help center for assistance.',
    };
    for (const { status, body } of replies) if (status !== 201) expect(body).toMatchObject(full);
    expect(
      (await anna.call.get(anna.path(`/users?kind=pending&${at(String(await product.head()))}`))).total,
    ).toBe(3);
    await anna.call.post(anna.path(`/invitations/${sent[0].invitationId}/resend`));
    await anna.call.post(anna.path(`/invitations/${sent[1].invitationId}/cancel`));
    expect((await invite('later')).status).toBe(201);
    expect((await invite('too-late')).body).toMatchObject(full);
    await product.nobody.post(accept, {
      token: await product.token(`later@${domain}`),
      password,
      givenName: 'L',
      familyName: 'R',
    });
    expect((await invite('too-late')).status).toBe(201);
  });

  it('AMB-08: the time that an invitation is open is a setting', async () => {
    const { items } = await anna.call.get(anna.path('/invitations?status=pending&limit=1'));
    const open = Date.parse(items[0].expiresAt) - Date.parse(items[0].sentAt);
    expect(Math.abs(open - 30 * DAY)).toBeLessThan(1_000);
  });

  it('mails to one address are limited: the eleventh sending of an invitation within the hour is refused', async () => {
    const [{ invitationId }] = (await anna.call.get(anna.path('/invitations?status=pending&limit=1'))).items;
    const resend = () => anna.call.send('POST', anna.path(`/invitations/${invitationId}/resend`));
    const statuses = [];
    for (let count = 0; count < 11; count++) statuses.push((await resend()).status);
    expect(statuses).toEqual([...Array(10).fill(200), 429]);
    expect(Number((await resend()).headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('nobody is invited again and again: the 61st invitation to an address within the hour is refused', async () => {
    const body = { email: `flooded@${product.domain('outside')}`, roles: ['support'] };
    const path = `/v1/accounts/${anna.accountId}/invitations`;
    for (let count = 0; count < 60; count++) {
      const { invitationId } = await anna.call.post(path, body);
      await anna.call.post(`${path}/${invitationId}/cancel`);
    }
    await anna.call.refused(429, 'rate_limited', 'POST', path, { body });
  });
});
