import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Caller, Json, Reply } from '../support/caller.ts';
import { at, backends, type Person, Product, password } from '../support/product.ts';

const acknowledgements = ['domain_deleted', 'no_new_users', 'invitations_cancelled', 'users_stay'];

describe.each(backends)('conventions on $name', (backend) => {
  let product: Product;
  let anna: Person;
  let eve: Person;
  let domain: string;

  beforeAll(async () => {
    product = await Product.start(backend);
    domain = product.domain('corporate');
    anna = await product.signUp(`anna@${domain}`);
    eve = await product.signUp(`eve@${product.domain('elsewhere')}`);
    await product.verifiedDomain(anna, domain);
  });
  afterAll(() => product.stop());

  const address = (name: string): string => `${name}@${domain}`;
  const invitation = (name: string) => ({ email: address(name), role: 'standard_user' });
  const invitations = () => anna.path('/invitations');

  describe('receipts', () => {
    it('tell what was written, and headers tell revision and position', async () => {
      const reply = await anna.call.send('POST', invitations(), { body: invitation('receipt') });
      const { body, headers } = reply;
      expect(reply.status).toBe(201);
      expect(body).toMatchObject({
        id: body.invitationId,
        stream: `invitation-${body.invitationId}`,
        revision: 0,
        position: expect.stringMatching(/^\d+$/),
        events: [{ id: expect.any(String), type: 'InviteSent' }],
      });
      expect(headers.get('etag')).toBe('"0"');
      expect(headers.get('x-log-position')).toBe(body.position);
      const event = await anna.call.get(anna.path(`/audit-events/${body.events[0].id}?${at(body.position)}`));
      expect(event).toMatchObject({ type: 'InviteSent', resource: { type: 'invitation', id: body.id } });
      const read = await anna.call.send('GET', `${invitations()}/${body.id}`);
      expect(read.headers.get('etag')).toBe('"0"');
    });

    it('a command that changes nothing answers without events', async () => {
      const { name } = await anna.call.get(anna.path());
      expect((await anna.call.patch(anna.path(), { name })).events).toEqual([]);
    });
  });

  describe('If-Match', () => {
    const etag = async (): Promise<string> => {
      const reply = await anna.call.send('GET', anna.path(`?${at(String(await product.head()))}`));
      return reply.headers.get('etag') ?? '';
    };
    const rename = (ifMatch: string, name: string): Promise<Reply> =>
      anna.call.with({ 'if-match': ifMatch }).send('PATCH', anna.path(), { body: { name } });

    it('lets the newest revision through, once', async () => {
      const known = await etag();
      const first = await rename(known, 'Renamed once');
      expect([first.status, first.headers.get('etag')]).toEqual([200, `"${Number(known.slice(1, -1)) + 1}"`]);
      const stale = await rename(known, 'Renamed twice');
      expect([stale.status, stale.body.code]).toEqual([412, 'revision_conflict']);
      expect((await rename('*', 'Renamed by anyone')).status).toBe(200);
      const newest = await etag();
      const atOnce = await Promise.all(Array.from({ length: 6 }, (_, n) => rename(newest, `At once ${n}`)));
      expect(atOnce.filter(({ status }) => status === 200)).toHaveLength(1);
      expect(atOnce.filter(({ status }) => status === 412)).toHaveLength(5);
    });

    it.each(['1', 'W/"1"', '"x"', '"1", "2"', '""'])('%s is no revision', async (value) => {
      const reply = await rename(value, 'Never');
      expect([reply.status, reply.body.code]).toEqual([400, 'header_invalid']);
    });

    it('adding a domain does not age the organization', async () => {
      const before = await etag();
      await anna.call.post(anna.path('/domains'), { domain: product.domain('ageless'), method: 'dns_txt' });
      expect(await etag()).toBe(before);
    });
  });

  describe('Idempotency-Key', () => {
    const keyed = (
      key: string,
      body: object,
      call: Caller = anna.call,
      path = invitations(),
    ): Promise<Reply> => call.key(key).send('POST', path, { body });

    it('answers the first reply byte for byte, whatever happened since, also after a restart', async () => {
      const first = await keyed('k-1', invitation('idempotent'));
      expect(first.status).toBe(201);
      expect((await keyed('k-1', invitation('idempotent'))).text).toBe(first.text);
      await anna.call.post(`${invitations()}/${first.body.invitationId}/resend`);
      await product.nobody.post('/v1/invitations/decline', {
        token: await product.token(address('idempotent'), 2),
      });
      await product.restart();
      const later = await keyed('k-1', invitation('idempotent'));
      expect([later.status, later.text]).toEqual([201, first.text]);
      expect(product.smtp.messages.filter(({ to }) => to === address('idempotent'))).toHaveLength(2);
    });

    it('holds for every kind of command', async () => {
      const twice = async (call: Caller, method: string, path: string, body?: object): Promise<Json> => {
        const once = await call.key(`every-${method}-${path}`.slice(0, 255)).send(method, path, { body });
        const again = await call.key(`every-${method}-${path}`.slice(0, 255)).send(method, path, { body });
        expect([again.status, again.text]).toEqual([once.status, once.text]);
        expect([200, 201]).toContain(once.status);
        return once.body;
      };
      const name = product.domain('idempotent');
      await twice(product.nobody, 'POST', '/v1/sign-ups', {
        email: `ida@${name}`,
        password,
        givenName: 'Ida',
        familyName: 'Potent',
      });
      await twice(anna.call, 'PATCH', anna.path(), { name: 'Idempotent' });
      await twice(anna.call, 'PATCH', anna.path(`/users/${anna.userId}`), { givenName: 'Annabel' });
      const added = await twice(anna.call, 'POST', anna.path('/domains'), {
        domain: name,
        method: 'https_file',
      });
      const path = anna.path(`/domains/${added.domainId}`);
      await twice(anna.call, 'PUT', `${path}/method`, { method: 'dns_txt' });
      product.dns.set(added.dnsRecord.host, 'TXT', [added.dnsRecord.value]);
      expect((await twice(anna.call, 'POST', `${path}/verify`)).status).toBe('verified');
      await twice(anna.call, 'POST', `${path}/delete`, { acknowledgements });
      const sent = await product.invite(anna, address('every'));
      await twice(anna.call, 'POST', `${invitations()}/${sent.invitationId}/resend`);
      await twice(product.nobody, 'POST', '/v1/invitations/accept', {
        token: await product.token(address('every'), 2),
        password,
        givenName: 'E',
        familyName: 'V',
      });
      const other = await product.invite(anna, address('cancelled'));
      await twice(anna.call, 'POST', `${invitations()}/${other.invitationId}/cancel`);
      expect(product.smtp.messages.filter(({ to }) => to === address('every'))).toHaveLength(2);
    });

    it('is refused with another payload or for another thing, and is each person’s own', async () => {
      expect((await keyed('k-2', invitation('key-two'))).status).toBe(201);
      const reused = await keyed('k-2', invitation('key-three'));
      expect([reused.status, reused.body.code]).toEqual([422, 'idempotency_key_reused']);
      await anna.call.get(invitations());
      const elsewhere = await keyed(
        'k-2',
        { domain: product.domain('key-two'), method: 'dns_txt' },
        anna.call,
        anna.path('/domains'),
      );
      expect([elsewhere.status, elsewhere.body.code]).toEqual([422, 'idempotency_key_reused']);
      const hers = await keyed(
        'k-2',
        { domain: product.domain('key-two'), method: 'dns_txt' },
        eve.call,
        eve.path('/domains'),
      );
      expect(hers.status).toBe(201);
    });

    it('many at once do it once; who comes while it runs is told so', async () => {
      const replies = await Promise.all(
        Array.from({ length: 8 }, () => keyed('k-parallel', invitation('parallel'))),
      );
      const done = replies.filter(({ status }) => status === 201);
      expect(done.length).toBeGreaterThan(0);
      expect(new Set(done.map(({ text }) => text)).size).toBe(1);
      for (const { status, body } of replies)
        if (status !== 201) expect([status, body.code]).toEqual([409, 'idempotency_key_in_use']);
      expect(
        (await anna.call.get(`${invitations()}?search=parallel&${at(done[0]?.body.position)}`)).total,
      ).toBe(1);
    });

    it.each([
      ['empty', ''],
      ['blank', ' '],
      ['too long', 'k'.repeat(256)],
    ])('%s is no key', async (_what, key) => {
      const reply = await keyed(key, invitation('no-key'));
      expect([reply.status, reply.body.code]).toEqual([400, 'header_invalid']);
    });
  });

  describe('a dry run', () => {
    it('of every command says events and effects, and writes nothing', async () => {
      const name = product.domain('dry');
      const added = await anna.call.post(anna.path('/domains'), { domain: name, method: 'dns_txt' });
      const sent = await product.invite(anna, address('dry'));
      const token = await product.token(address('dry'));
      product.dns.set(added.dnsRecord.host, 'TXT', [added.dnsRecord.value]);
      const signUp = { email: `dry@${name}`, password, givenName: 'D', familyName: 'R' };
      const newcomer = { token, password, givenName: 'D', familyName: 'R' };
      const cases = [
        [
          product.nobody,
          'POST',
          '/v1/sign-ups',
          signUp,
          'UserRegistered',
          ['CreateOrganization', 'JoinOrganization', 'CreateAccount'],
        ],
        [anna.call, 'PATCH', anna.path(), { name: 'Dry' }, 'OrganizationRenamed', []],
        [
          anna.call,
          'PATCH',
          anna.path(`/users/${anna.userId}`),
          { givenName: 'Dry' },
          'UserProfileUpdated',
          [],
        ],
        [
          anna.call,
          'POST',
          anna.path('/domains'),
          { domain: product.domain('dry2'), method: 'dns_txt' },
          'DomainAdded',
          [],
        ],
        [
          anna.call,
          'PUT',
          anna.path(`/domains/${added.domainId}/method`),
          { method: 'https_file' },
          'VerificationMethodChanged',
          [],
        ],
        [anna.call, 'POST', anna.path(`/domains/${added.domainId}/verify`), undefined, 'DomainVerified', []],
        [
          anna.call,
          'POST',
          anna.path(`/domains/${added.domainId}/delete`),
          { acknowledgements },
          'DomainDeleted',
          ['ReleaseDomainSlot', 'CancelInvitationsOfDomain'],
        ],
        [anna.call, 'POST', invitations(), invitation('dry2'), 'InviteSent', ['QueueMail']],
        [
          anna.call,
          'POST',
          `${invitations()}/${sent.invitationId}/resend`,
          undefined,
          'InviteResent',
          ['QueueMail'],
        ],
        [
          anna.call,
          'POST',
          `${invitations()}/${sent.invitationId}/cancel`,
          undefined,
          'InviteCancelled',
          ['CloseInvitation'],
        ],
        [product.nobody, 'POST', '/v1/invitations/accept', newcomer, 'InviteAccepted', ['JoinOrganization']],
        [product.nobody, 'POST', '/v1/invitations/decline', { token }, 'InviteDeclined', ['CloseInvitation']],
      ] as const;
      const before = await product.quiet(anna);
      for (const [call, method, path, body, type, commands] of cases)
        for (const way of [{ path: `${path}?dryRun=true` }, { path, headers: { prefer: 'dry-run' } }]) {
          const reply = await call.send(method, way.path, { body, headers: way.headers ?? {} });
          expect([path, reply.status, reply.body.dryRun]).toEqual([path, 200, true]);
          expect(reply.body.events.map((event: Json) => event.type)).toContain(type);
          const effects = reply.body.effects.map(({ command }: Json) => command);
          expect(effects).toEqual(expect.arrayContaining([...commands]));
          expect(reply.headers.get('preference-applied')).toBe('dry-run');
        }
      expect(await product.head()).toBe(before);
      const mails = product.smtp.messages.map(({ to }) => to);
      expect([mails.filter((to) => to === address('dry')).length, mails.includes(address('dry2'))]).toEqual([
        1,
        false,
      ]);
      await product.nobody.post('/v1/invitations/accept', newcomer);
      await product.invite(anna, address('dry2'));
      await product.signUp(`dry@${name}`);
    });

    it('refuses what the command would refuse', async () => {
      await anna.call.refused(409, 'already_member', 'POST', `${invitations()}?dryRun=true`, {
        body: invitation('anna'),
      });
      await anna.call.refused(400, 'validation_failed', 'POST', `${invitations()}?dryRun=maybe`, {
        body: invitation('x'),
      });
    });
  });

  describe('what is not there, or not for the caller', () => {
    it('another organization’s things answer exactly like absent ones', async () => {
      const { domainId } = await anna.call.post(anna.path('/domains'), {
        domain: product.domain('foreign'),
        method: 'dns_txt',
      });
      const { invitationId, userId } = await product.invite(anna, address('foreign'));
      const { items } = await anna.call.get(
        anna.path(`/audit-events?limit=1&${at(String(await product.head()))}`),
      );
      const absent = (prefix: string): string => `${prefix}_${randomBytes(16).toString('hex')}`;
      const absentEvent = '00000000-0000-5000-8000-000000000000';
      const none = `/v1/organizations/${absent('org')}`;
      const things: [string, string, string, object?][] = [
        ['GET', anna.path(), none],
        ['PATCH', anna.path(), none, { name: 'Mine' }],
        ['DELETE', anna.path(), none],
        ['GET', `/v1/accounts/${anna.accountId}`, `/v1/accounts/${absent('acc')}`],
        ['PATCH', `/v1/accounts/${anna.accountId}`, `/v1/accounts/${absent('acc')}`, { name: 'Mine' }],
      ];
      for (const list of ['users', 'accounts', 'domains', 'invitations', 'audit-events', 'summary'])
        things.push(['GET', anna.path(`/${list}`), `${none}/${list}`]);
      things.push([
        'POST',
        anna.path('/domains'),
        `${none}/domains`,
        { domain: product.domain('f'), method: 'dns_txt' },
      ]);
      things.push(['POST', invitations(), `${none}/invitations`, invitation('f')]);
      for (const [kind, there, gone] of [
        ['users', userId, absent('usr')],
        ['domains', domainId, absent('dom')],
        ['invitations', invitationId, absent('inv')],
        ['audit-events', items[0].id, absentEvent],
      ])
        for (const home of [anna.path(), eve.path()])
          things.push(['GET', `${home}/${kind}/${there}`, `${eve.path()}/${kind}/${gone}`]);
      for (const [verb, body] of [
        ['verify', undefined],
        ['delete', { acknowledgements }],
      ] as const)
        for (const home of [anna.path(), eve.path()])
          things.push([
            'POST',
            `${home}/domains/${domainId}/${verb}`,
            `${eve.path()}/domains/${absent('dom')}/${verb}`,
            body,
          ]);
      for (const verb of ['resend', 'cancel'])
        for (const home of [anna.path(), eve.path()])
          things.push([
            'POST',
            `${home}/invitations/${invitationId}/${verb}`,
            `${eve.path()}/invitations/${absent('inv')}/${verb}`,
          ]);
      things.push([
        'PATCH',
        eve.path(`/users/${userId}`),
        eve.path(`/users/${absent('usr')}`),
        { givenName: 'X' },
      ]);
      const told = ({ status, text, headers }: Reply): unknown => [
        status,
        text.replace(/"requestId":"[^"]*"/, '').replace(/"instance":"[^"]*"/, ''),
        headers.get('content-type'),
        headers.get('etag'),
      ];
      const before = await product.quiet(anna);
      for (const [method, there, gone, body] of things) {
        const foreign = await eve.call.send(method, there, { body });
        expect([method, there, foreign.status]).toEqual([method, there, 404]);
        expect(told(foreign)).toEqual(told(await eve.call.send(method, gone, { body })));
      }
      expect(await product.head()).toBe(before);
      expect(things.length).toBeGreaterThan(25);
    });

    it('a path that nobody knows is 404, a known one with another method 405', async () => {
      await anna.call.refused(404, 'not_found', 'GET', '/v1/nothing');
      await anna.call.refused(404, 'not_found', 'GET', anna.path('/users/not-an-id'));
      await anna.call.refused(405, 'method_not_allowed', 'POST', '/v1/me');
      const reply = await anna.call.send('DELETE', anna.path('/users'));
      expect([reply.status, reply.headers.get('allow')]).toEqual([405, expect.stringContaining('GET')]);
    });

    it('who is not signed in learns nothing, before anything else is judged', async () => {
      for (const [method, path, body] of [
        ['GET', anna.path(), undefined],
        ['GET', `/v1/organizations/org_${'0'.repeat(32)}`, undefined],
        ['GET', anna.path('/users?unknown=1'), undefined],
        ['POST', invitations(), { nonsense: true }],
      ] as const)
        await product.nobody.refused(401, 'unauthenticated', method, path, { body });
    });

    it('P2 P10: the operator’s things are there for the operator alone, whatever key one has used', async () => {
      await anna.call.refused(404, 'not_found', 'GET', '/v1/operations/projections');
      await anna.call.refused(404, 'not_found', 'POST', '/v1/operations/projections/users/rebuild');
      const done = anna.call.key('done before');
      await done.patch(anna.path(), { name: 'Renamed' });
      for (const path of ['projections/users/rebuild', 'parked/x/retry'])
        await done.refused(404, 'not_found', 'POST', `/v1/operations/${path}`);
      await product.operator.refused(404, 'not_found', 'POST', '/v1/operations/projections/none/rebuild');
      await product.operator.refused(404, 'not_found', 'GET', anna.path());
    });
  });
});
