import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type EventStoreDbServer, startEventStoreDbServer } from '../servers/eventstoredb-server.ts';
import { type MongoServer, startMongoServer } from '../servers/mongo-server.ts';
import {
  type Administrator,
  type Answer,
  administrator,
  type Caller,
  eventually,
  Product,
} from './product.ts';
import { SmallDisk } from './small-disk.ts';

const unavailable = (answer: Answer): void => {
  expect(answer).toMatchObject({ status: 503, body: { code: 'stores_unavailable' } });
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
};

const disk = SmallDisk.mount(100);
const mounted = typeof disk === 'string' ? undefined : disk;
if (!mounted) process.stdout.write(`skipped: the product on a full disk: ${disk}\n`);

afterAll(() => mounted?.unmount());

(mounted ? describe : describe.skip)('F11: the product on a full disk', () => {
  const { folder } = mounted ?? { folder: '' };
  let product: Product;
  let owner: Administrator;
  let me: Caller;

  beforeAll(async () => {
    product = await Product.start(join(folder, 'data'));
    owner = await administrator(product);
    me = product.as(owner.token);
    // What the read models do not show yet they cannot learn on a full disk.
    await eventually(
      () => me.get(`/v1/organizations/${owner.organizationId}`),
      ({ status }) => status === 200,
    );
  }, 30_000);

  afterAll(async () => {
    await product?.kill();
  });

  it('P1, P2: 503 and Retry-After, reads go on, and the same keys are answered when there is room again', async () => {
    const path = `/v1/organizations/${owner.organizationId}`;
    const names: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      const key = randomUUID();
      const rename = (name: string) => me.call({ method: 'PATCH', path, body: { name }, key: name + key });
      let refused: Answer | undefined;
      let name = '';
      mounted?.fill();
      for (let turn = 0; !refused; turn += 1) {
        name = `Name ${round} ${turn} ${'x'.repeat(200)}`;
        const answer = await rename(name);
        if (answer.status === 200) names.push(name);
        else refused = answer;
      }
      unavailable(refused);
      const invitation = { email: `r${round}@${owner.domain}`, role: 'standard_user' };
      const invite = { method: 'POST', path: `${path}/invitations`, body: invitation, key };
      unavailable(await me.call(invite));
      expect((await me.get(path)).status).toBe(200);
      expect((await me.get(`${path}/users`)).status).toBe(200);
      expect((await me.get('/health/ready')).status).toBe(503);
      expect((await me.get('/health/live')).status).toBe(200);
      mounted?.empty();
      await eventually(
        () => me.get('/health/ready'),
        ({ status }) => status === 200,
      );
      const invited = await eventually(
        () => me.call(invite),
        ({ status }) => status !== 503,
      );
      expect(invited.status).toBe(201);
      expect((await me.call(invite)).text).toBe(invited.text);
      const renamed = await rename(name);
      expect(renamed.status).toBe(200);
      names.push(name);
      const { position } = renamed.body;
      const shown = await eventually(
        () => me.get(`${path}?minPosition=${position}`),
        ({ status }) => status === 200,
      );
      expect(shown.body.name).toBe(name);
    }
    const audit = await me.all(`${path}/audit-events?type=OrganizationRenamed`);
    expect(audit).toHaveLength(names.length);
    expect(await me.all(`${path}/invitations`)).toHaveLength(3);
    expect(mounted?.filled).toBe(3);
    expect(await product.stop()).toBe(0);
  }, 60_000);
});

describe('F7: the event store is away', () => {
  let server: EventStoreDbServer;
  let folder: string;
  let product: Product;
  let me: Caller;
  let path: string;

  beforeAll(async () => {
    server = await startEventStoreDbServer();
    folder = mkdtempSync(join(tmpdir(), 'orgledger-outage-'));
    product = await Product.start(folder, { EVENTSTORE_URL: server.url });
    const person = { email: `${randomUUID()}@corporate.example`, password: 'a long quiet river 9' };
    const signedUp = await product.as().post('/v1/sign-ups', {
      ...person,
      givenName: 'Anna',
      familyName: 'Berg',
      organizationName: 'Corporate',
    });
    expect(signedUp.status).toBe(201);
    const session = await product.as().post('/v1/sessions', person);
    me = product.as(session.body.token);
    path = `/v1/organizations/${signedUp.body.organizationId}`;
  }, 60_000);

  afterAll(async () => {
    await product?.kill();
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const rename = (name: string) => me.call({ method: 'PATCH', path, body: { name }, key: name });

  /** As the store has it. */
  const names = () =>
    server.log
      .visible(`organization-${path.split('/').at(-1)}`)
      .map(({ data }) => JSON.parse(Buffer.from(data).toString()).name)
      .filter((name) => name !== undefined);

  const isBack = async (name: string): Promise<void> => {
    const answer = await eventually(
      () => rename(name),
      ({ status }) => status !== 503,
      30_000,
    );
    expect(answer.status).toBe(200);
    expect((await rename(name)).text).toBe(answer.text);
    expect(names().filter((stored) => stored === name)).toHaveLength(1);
    await eventually(
      () => me.get('/health/ready'),
      ({ status }) => status === 200,
      30_000,
    );
    const { position } = answer.body;
    const shown = await eventually(
      () => me.get(`${path}?minPosition=${position}`),
      ({ status }) => status === 200,
      30_000,
    );
    expect(shown.body.name).toBe(name);
  };

  it('P1, P2: silent: 503 in bounded time, nothing doubled, everything resumes by itself', async () => {
    expect((await rename('before')).status).toBe(200);
    server.faults.silence();
    const started = performance.now();
    const [answer, ready] = await Promise.all([rename('silent'), me.get('/health/ready')]);
    unavailable(answer);
    expect(ready.status).toBe(503);
    expect(performance.now() - started).toBeLessThan(20_000);
    expect(server.faults.injected.silenced).toBeGreaterThan(0);
    server.faults.speak();
    await isBack('silent');
  }, 90_000);

  it('P1, P2: an answer that is lost is asked for again', async () => {
    server.faults.loseAnswers(1);
    const answer = await rename('lost');
    expect(answer.status).toBe(200);
    expect(server.faults.injected.lostAnswers).toBe(1);
    await isBack('lost');
  }, 60_000);

  it('P1, P2: gone and back, 3 times', async () => {
    for (const name of ['gone 1', 'gone 2', 'gone 3']) {
      await server.down();
      unavailable(await rename(name));
      expect((await me.get('/health/ready')).status).toBe(503);
      await server.up();
      await isBack(name);
    }
    expect(names()).toHaveLength(new Set(names()).size);
  }, 90_000);
});

describe('F7: MongoDB is away', () => {
  let server: MongoServer;
  let folder: string;
  let product: Product;
  let me: Caller;
  let path: string;
  const done: string[] = [];

  beforeAll(async () => {
    server = await startMongoServer({ replicaSet: true });
    folder = mkdtempSync(join(tmpdir(), 'orgledger-outage-'));
    product = await Product.start(folder, { MONGODB_URL: server.url });
    const person = { email: `${randomUUID()}@corporate.example`, password: 'a long quiet river 9' };
    const signedUp = await product.as().post('/v1/sign-ups', {
      ...person,
      givenName: 'Anna',
      familyName: 'Berg',
      organizationName: 'Corporate',
    });
    expect(signedUp.status).toBe(201);
    const session = await product.as().post('/v1/sessions', person);
    me = product.as(session.body.token);
    path = `/v1/organizations/${signedUp.body.organizationId}`;
  }, 60_000);

  afterAll(async () => {
    await product?.kill();
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const rename = (name: string) => me.call({ method: 'PATCH', path, body: { name }, key: name });

  const isBack = async (name: string): Promise<void> => {
    const answer = await eventually(
      () => rename(name),
      ({ status }) => status !== 503,
      40_000,
    );
    expect(answer.status).toBe(200);
    expect((await rename(name)).text).toBe(answer.text);
    done.push(name);
    await eventually(
      () => me.get('/health/ready'),
      ({ status }) => status === 200,
      40_000,
    );
    const shown = await eventually(
      () => me.get(`${path}?minPosition=${answer.body.position}`),
      ({ status }) => status === 200,
      40_000,
    );
    expect(shown.body.name).toBe(name);
    const audit = await me.all(`${path}/audit-events?type=OrganizationRenamed`);
    expect(audit).toHaveLength(done.length);
  };

  it('P1, P2: gone and back, 3 times', async () => {
    for (const name of ['gone 1', 'gone 2', 'gone 3']) {
      server.away(true);
      const started = performance.now();
      unavailable(await me.get(path));
      expect((await me.get('/health/ready')).status).toBe(503);
      expect(performance.now() - started).toBeLessThan(20_000);
      server.away(false);
      await isBack(name);
    }
  }, 120_000);

  it('P1, P2: silent: 503 in bounded time, everything resumes by itself', async () => {
    server.silent(true);
    const started = performance.now();
    unavailable(await me.get(path));
    const waited = performance.now() - started;
    server.silent(false);
    server.dropConnections();
    expect(waited).toBeLessThan(25_000);
    await isBack('silent');
  }, 120_000);
});
