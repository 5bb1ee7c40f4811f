import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Json } from '../support/caller.ts';
import { at, backends, type Person, Product, password } from '../support/product.ts';

const acknowledgements = ['domain_deleted', 'no_new_users', 'invitations_cancelled', 'users_stay'];
const DAY = 86_400_000;

describe.each(backends)('domains on $name', (backend) => {
  let product: Product;
  let anna: Person;
  let eve: Person;

  beforeAll(async () => {
    product = await Product.start(backend);
    [anna, eve] = (await Promise.all(
      ['anna', 'eve'].map((name) => product.signUp(`${name}@${product.domain('home')}`)),
    )) as [Person, Person];
  });
  afterAll(() => product.stop());

  const add = (person: Person, domain: string, method = 'dns_txt'): Promise<Json> =>
    person.call.post(person.path('/domains'), { domain, method });
  const verify = (person: Person, domainId: string): Promise<Json> =>
    person.call.post(person.path(`/domains/${domainId}/verify`));
  const remove = (person: Person, domainId: string): Promise<Json> =>
    person.call.post(person.path(`/domains/${domainId}/delete`), { acknowledgements });
  const read = (person: Person, domainId: string, position: string): Promise<Json> =>
    person.call.get(person.path(`/domains/${domainId}?${at(position)}`));

  it.each([
    ['DOM-04', 'gmail.com', 'common_domain'],
    ['DOM-04', 'HotMail.com', 'common_domain'],
    ['DOM-05', 'www.corporate.com', 'bare_domain_required'],
    ['DOM-05', 'https://corporate.com/', 'bare_domain_required'],
    ['DOM-05', 'someone@corporate.com', 'bare_domain_required'],
    ['P11', 'co.uk', 'public_suffix'],
    ['P11', 'com', 'public_suffix'],
    ['P11', 'corpor\u0430te.com', 'domain_invalid'],
    ['P11', '127.0.0.1', 'domain_invalid'],
    ['P11', 'corporate..com', 'domain_invalid'],
  ])('%s: %s cannot be added', async (_rule, domain, code) => {
    const body = { domain, method: 'dns_txt' };
    await anna.call.refused(422, code, 'POST', anna.path('/domains'), { body });
  });

  it('the same domain is added once, in whatever spelling; another organization may add it too', async () => {
    const domain = product.domain('twice');
    const first = await add(anna, domain.toUpperCase());
    expect(first.domain).toBe(domain);
    for (const spelling of [domain, `${domain}.`, domain.toUpperCase()]) {
      const body = { domain: spelling, method: 'https_file' };
      await anna.call.refused(409, 'domain_already_added', 'POST', anna.path('/domains'), { body });
    }
    const other = await add(eve, domain);
    expect(other.dnsRecord.value).not.toBe(first.dnsRecord.value);
  });

  it('DOM-08 DOM-09: both methods carry one token; the method can be changed', async () => {
    const domain = product.domain('methods');
    const added = await add(anna, domain, 'https_file');
    const token = /[0-9a-f]{32}/.exec(added.dnsRecord.value)?.[0] ?? 'none';
    expect(added.file).toEqual({
      url: `https://${domain}/.well-known/orgledger-domain-verification.html`,
      content: expect.stringContaining(token),
    });
    const file = await anna.call.send(
      'GET',
      anna.path(`/domains/${added.domainId}/verification-file?${at(added.position)}`),
    );
    expect(file.status).toBe(200);
    expect(file.headers.get('content-type')).toMatch(/^text\/html/);
    expect(file.headers.get('content-disposition')).toMatch(/^attachment/);
    expect(file.text).toBe(added.file.content);
    product.dns.set(added.dnsRecord.host, 'TXT', [added.dnsRecord.value]);
    expect((await verify(anna, added.domainId)).status).toBe('pending');
    const changed = await anna.call.put(anna.path(`/domains/${added.domainId}/method`), {
      method: 'dns_txt',
    });
    expect(changed).toMatchObject({ method: 'dns_txt', dnsRecord: added.dnsRecord });
    expect((await verify(anna, added.domainId)).status).toBe('verified');
  });

  it('DOM-10 DOM-11 AMB-10: what is not there yet is pending, as often as one looks', async () => {
    const domain = product.domain('slow');
    const added = await add(anna, domain);
    const { host, value } = added.dnsRecord;
    const reasons: string[] = [];
    const look = async () => {
      const answer = await verify(anna, added.domainId);
      expect(answer.status).toBe('pending');
      reasons.push(answer.reason);
      return answer;
    };
    await look();
    product.dns.set(host, 'TXT', []);
    await look();
    product.dns.set(host, 'TXT', [
      'orgledger-domain-verification=00000000000000000000000000000000',
      'v=spf1 -all',
    ]);
    expect((await look()).observed).toEqual(expect.arrayContaining([expect.stringMatching(/^orgledger/)]));
    product.dns.fault(host, 'servfail');
    await look();
    expect(new Set(reasons).size).toBeGreaterThan(2);
    product.dns.remove(host);
    product.dns.set(host, 'TXT', ['v=spf1 -all', value]);
    const verified = await verify(anna, added.domainId);
    expect(verified).toMatchObject({ status: 'verified' });
    expect(await read(anna, added.domainId, verified.position)).toMatchObject({
      status: 'verified',
      nextCheckAt: expect.any(String),
    });
  });

  it('DOM-06 AMB-04: of eight organizations that prove one domain at once, one has it', async () => {
    const domain = product.domain('race');
    const people = await Promise.all(
      Array.from({ length: 8 }, (_, n) => product.signUp(`racer${n}@${product.domain('race-home')}`)),
    );
    const added = await Promise.all(people.map((person) => add(person, domain)));
    product.dns.set(
      `_orgledger.${domain}`,
      'TXT',
      added.map(({ dnsRecord }) => dnsRecord.value),
    );
    const replies = await Promise.all(
      people.map((person, n) =>
        person.call.send('POST', person.path(`/domains/${added[n].domainId}/verify`)),
      ),
    );
    const winners = replies.flatMap(({ status }, n) => (status === 200 ? [n] : []));
    expect(winners).toHaveLength(1);
    expect(replies.flatMap(({ body }) => body.code ?? [])).toEqual(Array(7).fill('domain_taken'));
    const [winner = 0] = winners;
    const loser = winner === 0 ? 1 : 0;
    const statuses = await Promise.all(
      people.map(
        async (person, n) => (await read(person, added[n].domainId, replies[winner]?.body.position)).status,
      ),
    );
    expect(statuses.filter((status) => status === 'verified')).toHaveLength(1);
    await remove(people[winner] as Person, added[winner].domainId);
    expect((await verify(people[loser] as Person, added[loser].domainId)).status).toBe('verified');
  });

  it('DOM-06 DOM-07 DOM-01: a subdomain is a domain of its own', async () => {
    const parent = product.domain('parent');
    await product.verifiedDomain(anna, parent);
    await product.verifiedDomain(eve, `stage.${parent}`);
    await eve.call.refused(
      409,
      'domain_taken',
      'POST',
      eve.path(`/domains/${await published(eve, parent)}/verify`),
    );
    const body = { email: `x@stage.${parent}`, role: 'standard_user' };
    await anna.call.refused(422, 'domain_unverified', 'POST', anna.path('/invitations'), { body });
    await product.invite(eve, `x@stage.${parent}`);
    await product.invite(anna, `x@${parent}`);
  });

  const published = async (person: Person, domain: string): Promise<string> => {
    const { dnsRecord, domainId } = await add(person, domain);
    product.dns.set(dnsRecord.host, 'TXT', [dnsRecord.value]);
    return domainId;
  };

  it('DOM-16 AMB-12 ACK-05: deleting takes acknowledgements, cancels invitations and tells the invitees, keeps users; adding again restores', async () => {
    const domain = product.domain('deleted');
    const added = await product.verifiedDomain(anna, domain);
    const kept = await product.join(anna, `kept@${domain}`);
    await product.invite(anna, `pending@${domain}`);
    const token = await product.token(`pending@${domain}`);
    const path = anna.path(`/domains/${added.domainId}/delete`);
    for (const body of [
      undefined,
      {},
      { acknowledgements: [] },
      { acknowledgements: acknowledgements.slice(1) },
    ]) {
      const { required } = await anna.call.refused(422, 'acknowledgements_required', 'POST', path, { body });
      expect(required.map(({ code }: Json) => code)).toEqual(acknowledgements);
      for (const { sentence } of required) expect(sentence).toMatch(/^[A-Z].*\.$/);
      expect(required.at(-1).sentence).toBe('Managed users of this domain stay in the Organization: 1.');
    }
    const deleted = await remove(anna, added.domainId);
    const list = await anna.call.get(anna.path(`/domains?search=deleted&${at(deleted.position)}`));
    expect(list.total).toBe(0);
    await anna.call.refused(404, 'not_found', 'GET', anna.path(`/domains/${added.domainId}`));
    await anna.call.refused(404, 'not_found', 'POST', anna.path(`/domains/${added.domainId}/verify`));
    const invitations = await anna.call.get(anna.path(`/invitations?search=pending@${domain}`));
    expect(invitations.items.map(({ status }: Json) => status)).toEqual(['cancelled']);
    const body = { token, password, givenName: 'P', familyName: 'P' };
    await product.nobody.refused(404, 'invitation_link_invalid', 'POST', '/v1/invitations/accept', { body });
    await product.smtp.waitFor(
      ({ to, subject }) =>
        to === `pending@${domain}` && /^Your invitation to .* was withdrawn$/.test(subject),
      15_000,
    );
    expect((await anna.call.get(anna.path(`/users/${kept.userId}`))).kind).toBe('managed');
    expect((await kept.call.get('/v1/me')).organizationId).toBe(anna.organizationId);
    const invitation = { body: { email: `new@${domain}`, role: 'standard_user' } };
    await anna.call.refused(422, 'domain_unverified', 'POST', anna.path('/invitations'), invitation);
    const history = await anna.call.get(anna.path(`/audit-events?resourceId=${added.domainId}`));
    expect(history.items.map(({ type }: Json) => type)).toEqual([
      'DomainDeleted',
      'DomainVerified',
      'DomainAdded',
    ]);
    const again = await product.verifiedDomain(anna, domain);
    expect([again.domainId === added.domainId, again.dnsRecord.value === added.dnsRecord.value]).toEqual([
      false,
      false,
    ]);
    await product.invite(anna, `pending@${domain}`);
    expect((await read(anna, again.domainId, again.position)).managedUsers).toBe(1);
  });

  it('DOM-14 AMB-10 AMB-30: without its proof a domain lets nobody new in, until it is validated again', async () => {
    const domain = product.domain('lapsing');
    const added = await product.verifiedDomain(anna, domain);
    const { host, value } = added.dnsRecord;
    const member = await product.join(anna, `member@${domain}`);
    const invitations = await Promise.all(
      ['a', 'b', 'c'].map((name) => product.invite(anna, `${name}@${domain}`)),
    );
    const tokens = await Promise.all(['a', 'b'].map((name) => product.token(`${name}@${domain}`)));
    product.dns.fault(host, 'servfail');
    expect((await verify(anna, added.domainId)).status).toBe('verified');
    product.dns.remove(host);
    const lost = await verify(anna, added.domainId);
    expect(lost.status).toBe('unvalidated');
    const { unvalidatedSince, deletionDueAt } = await read(anna, added.domainId, lost.position);
    expect(Date.parse(deletionDueAt) - Date.parse(unvalidatedSince)).toBe(30 * DAY);
    expect((await anna.call.get(anna.path('/summary'))).domains.unvalidated).toBe(1);
    const body = { email: `d@${domain}`, role: 'standard_user' };
    await anna.call.refused(422, 'domain_unvalidated', 'POST', anna.path('/invitations'), { body });
    const [a, , c] = invitations;
    await anna.call.refused(
      422,
      'domain_unvalidated',
      'POST',
      anna.path(`/invitations/${a.invitationId}/resend`),
    );
    const acceptance = { token: tokens[0], password, givenName: 'A', familyName: 'A' };
    await product.nobody.refused(422, 'domain_unvalidated', 'POST', '/v1/invitations/accept', {
      body: acceptance,
    });
    await product.nobody.post('/v1/invitations/decline', { token: tokens[1] });
    await anna.call.post(anna.path(`/invitations/${c.invitationId}/cancel`));
    expect((await member.call.get('/v1/me')).role).toBe('standard_user');
    product.dns.set(host, 'TXT', [value]);
    const restored = await verify(anna, added.domainId);
    expect(restored.status).toBe('verified');
    expect(await read(anna, added.domainId, restored.position)).toMatchObject({
      unvalidatedSince: null,
      deletionDueAt: null,
    });
    await product.nobody.post('/v1/invitations/accept', acceptance);
  });

  it('DOM-17 DOM-19: the list shows all, pending and verified; there is no batch', async () => {
    const frank = await product.signUp(`frank@${product.domain('home')}`);
    const names = ['c', 'a', 'b'].map((name) => product.domain(`list-${name}`));
    for (const name of names) await add(frank, name);
    await product.verifiedDomain(frank, product.domain('list-d'));
    const list = async (query: string) =>
      (await frank.call.get(frank.path(`/domains${query}`))).items.map(({ domain }: Json) =>
        domain.replace(/-[^-]*$/, ''),
      );
    expect(await list('')).toEqual(['list-a', 'list-b', 'list-c', 'list-d']);
    expect(await list('?sort=-domain')).toEqual(['list-d', 'list-c', 'list-b', 'list-a']);
    expect(await list('?status=pending')).toEqual(['list-a', 'list-b', 'list-c']);
    expect(await list('?status=verified')).toEqual(['list-d']);
    expect(await list('?search=LIST-B')).toEqual(['list-b']);
    expect(await list('?search=%20list-b%20')).toEqual(['list-b']);
    expect(await list('?status=verified&search=list-b')).toEqual([]);
    for (const body of [
      { domain: names, method: 'dns_txt' },
      { domains: names, method: 'dns_txt' },
    ])
      await frank.call.refused(400, 'validation_failed', 'POST', frank.path('/domains'), { body });
  });

  it('DOM-17: a name of other letters is found as it is written and as it is stored', async () => {
    const domain = product.domain('letters');
    const { domainId, position } = await add(anna, `b\u00fccher.${domain}`);
    for (const search of [
      'b\u00fccher',
      `B\u00dcCHER.${domain}`,
      'xn--bcher',
      `b\u00fccher.${domain.slice(0, 3)}`,
    ]) {
      const query = `search=${encodeURIComponent(search)}&${at(position)}`;
      const found = await anna.call.get(anna.path(`/domains?${query}`));
      expect(found.items.map((item: Json) => item.domainId)).toEqual([domainId]);
    }
  });

  it('DOM-03: a hundred domains and not one more, at once either', async () => {
    const grace = await product.signUp(`grace@${product.domain('home')}`);
    const added: Json[] = [];
    for (let n = 0; n < 96; n++) added.push(await add(grace, product.domain(`limit-${n}`)));
    const replies = await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        grace.call.send('POST', grace.path('/domains'), {
          body: { domain: product.domain(`limit-race-${n}`), method: 'dns_txt' },
        }),
      ),
    );
    expect(replies.filter(({ status }) => status === 201)).toHaveLength(4);
    expect(replies.flatMap(({ body }) => body.code ?? [])).toEqual(Array(8).fill('domain_limit_reached'));
    expect((await grace.call.get(grace.path(`/domains?${at(String(await product.head()))}`))).total).toBe(
      100,
    );
    const body = { domain: product.domain('limit-last'), method: 'dns_txt' };
    await grace.call.refused(422, 'domain_limit_reached', 'POST', grace.path('/domains'), { body });
    await remove(grace, added[0].domainId);
    await add(grace, product.domain('limit-last'));
  });
});
