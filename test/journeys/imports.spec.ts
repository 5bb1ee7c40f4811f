import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Json } from '../support/caller.ts';
import { at, backends, type Person, Product, until } from '../support/product.ts';

const informed = { acknowledgements: ['usersInformed'] };

describe.each(backends)('imports on $name', (backend) => {
  let product: Product;
  let anna: Person;
  let bob: Person;
  let domain: string;
  let domainId: string;

  beforeAll(async () => {
    product = await Product.start(backend);
    domain = product.domain('corporate');
    bob = await product.signUp(`bob@${domain}`);
    for (const name of ['carol', 'dora']) await product.signUp(`${name}@${domain}`);
    anna = await product.signUp(`anna@${product.domain('home')}`);
    ({ domainId } = await product.verifiedDomain(anna, domain));
    await enable(anna);
  });
  afterAll(() => product.stop());

  const enable = ({ organizationId }: Person): Promise<Json> =>
    product.operator.put(`/v1/operations/bulk-import/${organizationId}`, { enabled: true });
  const one = (importId: string): Promise<Json> => anna.call.get(anna.path(`/imports/${importId}`));
  const become = (importId: string, status: string): Promise<Json> =>
    until(
      () => one(importId),
      (answer) => answer.status === status,
    );
  const request = async (): Promise<Json> => {
    const { importId } = await anna.call.expecting([202], 'POST', anna.path('/imports'), {
      domainIds: [domainId],
    });
    return become(importId, 'ready');
  };
  const report = async (importId: string): Promise<string> =>
    (await anna.call.send('GET', anna.path(`/imports/${importId}/report.csv`))).text;
  const select = (importId: string, raw: string, headers: Record<string, string> = {}) =>
    anna.call.send('PUT', anna.path(`/imports/${importId}/selection`), {
      raw,
      headers: { 'content-type': 'text/csv', ...headers },
    });

  it('IMP-01: importing is off until the operator enables it for the organization', async () => {
    const eve = await product.signUp(`eve@${product.domain('eve')}`);
    const { domainId: hers } = await product.verifiedDomain(eve, product.domain('eves'));
    const body = { domainIds: [hers] };
    await eve.call.refused(403, 'bulk_import_not_enabled', 'POST', eve.path('/imports'), { body });
    await eve.call.refused(404, 'not_found', 'PUT', `/v1/operations/bulk-import/${eve.organizationId}`, {
      body: { enabled: true },
    });
    const foreign = { domainIds: [domainId] };
    await enable(eve);
    await eve.call.refused(404, 'not_found', 'POST', eve.path('/imports'), { body: foreign });
  });

  it('DOM-18: the domain leads to the people who could be imported', async () => {
    const shown = await anna.call.get(anna.path(`/domains/${domainId}`));
    const { items } = await anna.call.get(shown.importCandidates);
    expect(items.map(({ email }: Json) => email)).toEqual([
      `dora@${domain}`,
      `carol@${domain}`,
      `bob@${domain}`,
    ]);
  });

  it('IMP-03: the report lists everybody, is the same byte for byte later, and rows can be removed (IMP-08)', async () => {
    const { importId, rows } = await request();
    expect(rows).toBe(3);
    const file = await report(importId);
    await bob.call.patch(bob.path(`/users/${bob.userId}`), { givenName: '=Robert' });
    expect(await report(importId)).toBe(file);
    const lines = file.split('\r\n');
    const kept = [lines[0], lines[2]].join('\n');
    const selected = await select(importId, kept);
    expect(selected.body).toMatchObject({
      importId,
      selected: 1,
      events: [{ type: 'ImportSelectionAccepted' }],
    });
    const added = await select(importId, `${file}usr_${'0'.repeat(32)},x@${domain},,,${domain},,,joins\r\n`);
    expect([added.status, added.body.code, added.body.line, added.body.reason]).toEqual([
      422,
      'import_selection_invalid',
      5,
      'row_added',
    ]);
  });

  it('IMP-08: an empty file is no selection, and the answer says so', async () => {
    const { importId } = await request();
    const { status, body } = await select(importId, '');
    expect([status, body.code, body.line, body.reason]).toEqual([
      422,
      'import_selection_invalid',
      1,
      'header_missing',
    ]);
    expect(body.detail).toContain('the file is empty');
  });

  it('ACK-06, IMP-05: the start must be acknowledged; every selected row has an outcome with its reason', async () => {
    const { importId } = await request();
    const start = anna.path(`/imports/${importId}/start`);
    await anna.call.refused(422, 'acknowledgements_required', 'POST', start, { body: {} });
    const { position } = await anna.call.post(start, informed);
    const done = await become(importId, 'completed');
    expect([done.imported, done.skipped, done.selected]).toEqual([3, 0, 3]);
    const rows = await anna.call.all(anna.path(`/imports/${importId}/rows?limit=2&${at(position)}`));
    expect(rows).toHaveLength(done.selected);
    await anna.call.refused(409, 'import_already_started', 'POST', start, { body: informed });
    const watched = await fetch(`${product.url}${anna.path(`/imports/${importId}/progress`)}`, {
      headers: { authorization: `Bearer ${anna.token}` },
    });
    expect(await watched.text()).toMatch(
      /^id: \d+\nevent: completed\ndata: \{.*"status":"completed".*\}\n\n$/,
    );
  });

  const candidates = async (query = ''): Promise<string[]> =>
    (await anna.call.all(anna.path(`/import-candidates?sort=signedUpAt${query}`))).map(
      ({ email }: Json) => email.split('@')[0],
    );
  const imported = async (...people: Person[]): Promise<Json[]> => {
    const { importId } = await request();
    const lines = (await report(importId)).split('\r\n');
    const kept = lines.filter((line, n) => n === 0 || people.some(({ userId }) => line.includes(userId)));
    await select(importId, kept.join('\r\n'));
    await anna.call.post(anna.path(`/imports/${importId}/start`), informed);
    await become(importId, 'completed');
    const position = String(await product.head());
    return anna.call.all(anna.path(`/imports/${importId}/rows?${at(position)}`));
  };

  it('IMP-09, IMP-10, MRG-07: accounts and organizations of the people came along', async () => {
    expect(await anna.call.get(`/v1/accounts/${bob.accountId}`)).toMatchObject({
      organizationId: anna.organizationId,
      ownerId: bob.userId,
    });
    expect(await anna.call.get(anna.path(`/users/${bob.userId}`))).toMatchObject({ role: 'standard_user' });
    const gone = await bob.call.refused(410, 'organization_absorbed', 'GET', bob.path());
    expect(gone.successorId).toBe(anna.organizationId);
  });

  it('IMP-06: who signed up since is found, and who was left out; IMP-07: with auto_join there is nothing to find', async () => {
    const policy = (name: string) => anna.call.put(anna.path('/sign-up-policy'), { policy: name });
    await policy('outside');
    const frank = await product.signUp(`frank@${domain}`);
    await product.signUp(`gus@${domain}`);
    expect(await candidates('&seen=new')).toEqual(['frank', 'gus']);
    expect(await imported(frank)).toMatchObject([{ userId: frank.userId, outcome: 'imported' }]);
    await product.signUp(`hal@${domain}`);
    expect(await candidates('&seen=new')).toEqual(['hal']);
    expect(await candidates('&seen=left_out')).toEqual(['gus']);
    await policy('auto_join');
    const ida = await product.signUp(`ida@${domain}`);
    expect(await anna.call.get(anna.path(`/users/${ida.userId}`))).toMatchObject({ kind: 'managed' });
    expect(await candidates()).toEqual(['gus', 'hal']);
    await policy('outside');
  });

  it('USR-18, IMP-05: who does not fit any more is left where they are, with the reason', async () => {
    const limits = `/v1/operations/organizations/${anna.organizationId}/limits`;
    const { total } = await anna.call.get(anna.path('/users?kind=managed'));
    await product.operator.put(limits, { users: total + 2, accounts: null });
    const people = await Promise.all(['jo', 'kim', 'lea'].map((name) => product.signUp(`${name}@${domain}`)));
    const rows = await imported(...people);
    expect(rows.map(({ outcome, reason }) => [outcome, reason]).toSorted()).toEqual([
      ['imported', null],
      ['imported', null],
      ['skipped', 'limit_reached'],
    ]);
    const left = people.find(({ userId }) =>
      rows.some((row) => row.userId === userId && row.reason),
    ) as Person;
    expect(await left.call.get(left.path())).toMatchObject({ status: 'open', ownerId: left.userId });
    await product.operator.put(limits, { users: null, accounts: null });
  });

  it('ACC-11, IMP-05: whose accounts do not fit any more is left where they are, with the reason', async () => {
    const limits = `/v1/operations/organizations/${anna.organizationId}/limits`;
    const { total } = await anna.call.get(anna.path('/accounts?kind=managed'));
    await product.operator.put(limits, { users: null, accounts: total + 1 });
    const people = await Promise.all(['oda', 'pia'].map((name) => product.signUp(`${name}@${domain}`)));
    const rows = await imported(...people);
    expect(rows.map(({ outcome, reason }) => [outcome, reason]).toSorted()).toEqual([
      ['imported', null],
      ['skipped', 'limit_reached'],
    ]);
    await product.operator.put(limits, { users: null, accounts: null });
  });

  it('IMP-10, MRG-02: who owns an organization with a domain of its own is left there, and nobody holds it meanwhile', async () => {
    const ned = await product.signUp(`ned@${domain}`);
    await product.verifiedDomain(ned, product.domain('neds'));
    expect(await imported(ned)).toMatchObject([
      { outcome: 'skipped', reason: 'owner_of_other_organization_with_domains' },
    ]);
    const held = ned.path(`/audit-events?type=OrganizationMergeStarted&${at(String(await product.head()))}`);
    expect((await ned.call.get(held)).total).toBe(0);
  });

  it('IMP-01, P9: whose address was never proved comes too, and must prove it before anybody is let in as them', async () => {
    const email = `mia@${domain}`;
    const mia = await product.signUp(email, { verified: false });
    expect(await imported(mia)).toMatchObject([{ outcome: 'imported' }]);
    await until(
      () => mia.call.send('GET', '/v1/me'),
      ({ status }) => status === 401,
    );
    await product.nobody.refused(401, 'sign_in_failed', 'POST', '/v1/sessions', {
      body: { email, password: 'a long quiet river 9' },
    });
    const newPassword = 'another deep green lake 7';
    const token = await product.token(email, 2);
    await product.nobody.post('/v1/password-resets/complete', { token, newPassword });
    const { call } = await product.signIn(email, newPassword);
    expect(await call.get('/v1/me')).toMatchObject({
      emailVerified: true,
      organizationId: anna.organizationId,
      role: 'standard_user',
    });
  });
});
