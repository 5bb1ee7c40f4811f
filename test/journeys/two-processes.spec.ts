import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Serving, serve } from '#application';
import { readSettings } from '#settings';
import { Caller, type Json } from '../support/caller.ts';
import { at, backends, type Person, Product, password } from '../support/product.ts';

const [, servers] = backends;

describe(`an api and a worker beside each other on ${servers?.name}`, () => {
  let api: Product;
  let worker: Serving;
  let anna: Person;

  beforeAll(async () => {
    if (!servers) throw new Error('no servers');
    api = await Product.start(servers, { settings: { ORGLEDGER_ROLE: 'api' } });
    const settings = { ...api.environment, ORGLEDGER_ROLE: 'all', ORGLEDGER_PUBLIC_URL: api.url };
    worker = await serve(readSettings(settings), '0.0.0-test', 'worker');
    anna = await api.signUp(`anna@${api.domain('corporate')}`);
  });
  afterAll(async () => {
    await worker?.stop();
    await api.stop();
  });

  const askWorker = (): Caller =>
    new Caller({ url: worker.url, position: undefined }).as(worker.operatorToken);

  it('P7: an answer of the api covers what the worker has made of it', async () => {
    const domain = api.domain('corporate');
    await api.verifiedDomain(anna, domain);
    const invited = await api.invite(anna, `bob@${domain}`);
    const token = await api.token(`bob@${domain}`);
    const accepted = await api.nobody.expecting([200], 'POST', '/v1/invitations/accept', {
      token,
      password,
      givenName: 'Bob',
      familyName: 'Ray',
    });
    expect(accepted).not.toHaveProperty('effects');
    const managed = await anna.call.get(anna.path(`/users?kind=managed&${at(accepted.position)}`));
    expect(managed.items.map(({ userId }: Json) => userId).sort()).toEqual(
      [anna.userId, invited.userId].sort(),
    );
    expect(managed.total).toBe(2);
  });

  it('P5: a rebuild is the worker’s, and lists of the api stay whole meanwhile', async () => {
    await api.operator.refused(409, 'runs_in_worker', 'POST', '/v1/operations/projections/users/rebuild');
    let rebuilding = true;
    const rebuilt = askWorker()
      .post('/v1/operations/projections/users/rebuild')
      .finally(() => {
        rebuilding = false;
      });
    let reads = 0;
    do {
      const { total, items } = await anna.call.get(anna.path('/users'));
      expect([total, items.length]).toEqual([2, 2]);
      reads += 1;
    } while (rebuilding || reads < 50);
    await rebuilt;
  });

  it('P6: the worker tells its health and metrics, and answers nothing else', async () => {
    const { ready, projections } = await askWorker().get('/health/ready');
    expect(ready).toBe(true);
    expect(projections.length).toBeGreaterThan(5);
    const metrics = await (await fetch(`${worker.url}/metrics`)).text();
    expect(metrics).toMatch(/^orgledger_projection_position\{projection="users"\} \d+$/m);
    expect((await fetch(`${worker.url}/v1/me`)).status).toBe(404);
  });
});
