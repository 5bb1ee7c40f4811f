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
});
