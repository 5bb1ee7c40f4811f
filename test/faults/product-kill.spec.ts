import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openEmbeddedEvents } from '#event-store';
import {
  type Administrator,
  type Answer,
  administrator,
  eventually,
  mailedToken,
  Product,
  type Request,
} from './product.ts';

const KILLS = process.env.ORGLEDGER_LONG ? 40 : 10;
const CLIENTS = 6;

let folder: string;
let product: Product;
let owner: Administrator;

/** A command and what was answered to it, from the first try to the last. */
interface Sent extends Request {
  readonly key: string;
  readonly answers: Answer[];
  broken: number;
}

const commands: Sent[] = [];
const accepted: string[] = [];
let over = false;
/** Resolves when the product is there again. */
let again = Promise.withResolvers<void>();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'orgledger-product-'));
  product = await Product.start(folder, SETTINGS);
  owner = await administrator(product);
  again.resolve();
}, 60_000);

afterAll(async () => {
  over = true;
  again.resolve();
  await product?.kill();
  rmSync(folder, { recursive: true, force: true });
});

const SETTINGS = { ORGLEDGER_RATE_LIMITS: 'off', ORGLEDGER_PENDING_INVITATIONS: '1000000' };

/** Sends until answered: a broken connection means unknown, and the same key is sent again. */
const send = async (request: Request, token?: string): Promise<Answer> => {
  const command: Sent = { ...request, key: randomUUID(), answers: [], broken: 0 };
  commands.push(command);
  for (;;) {
    await again.promise;
    try {
      const answer = await product.as(token).call(command);
      if (answer.status >= 500 || answer.body?.code === 'idempotency_key_in_use') {
        await sleep(100);
        continue;
      }
      command.answers.push(answer);
      return answer;
    } catch (error) {
      if (over) throw error;
      command.broken += 1;
      await sleep(20);
    }
  }
};

const ask = async <T>(question: () => Promise<T>): Promise<T> => {
  for (;;) {
    await again.promise;
    try {
      return await question();
    } catch (error) {
      if (over) throw error;
      await sleep(20);
    }
  }
};

const client = async (name: string): Promise<void> => {
  const { organizationId: o, token, domain, userId } = owner;
  const invitations = `/v1/organizations/${o}/invitations`;
  for (let turn = 0; !over; turn += 1) {
    const email = `${name}.${turn}@${domain}`;
    const sent = await send(
      { method: 'POST', path: invitations, body: { email, role: 'standard_user' } },
      token,
    );
    const invitation = `${invitations}/${sent.body.invitationId}`;
    if (turn % 3 === 0) {
      await send({ method: 'POST', path: `${invitation}/resend` }, token);
      await send({ method: 'POST', path: `${invitation}/cancel` }, token);
    } else if (turn % 3 === 1) {
      await send({ method: 'PATCH', path: `/v1/organizations/${o}`, body: { name: `Name ${email}` } }, token);
      const givenName = `Anna ${email}`;
      await send(
        { method: 'PATCH', path: `/v1/organizations/${o}/users/${userId}`, body: { givenName } },
        token,
      );
    } else {
      const link = await ask(() => mailedToken(product, email));
      const body = { token: link, password: 'what a nice day 77', givenName: 'Bob', familyName: name };
      const answer = await send({ method: 'POST', path: '/v1/invitations/accept', body });
      if (answer.status < 300) accepted.push(email);
    }
  }
};

describe('F1: the whole product is killed', () => {
  it(
    `P1, P2: ${KILLS} kills under ${CLIENTS} clients: every acknowledged command is there once, retries answer the same`,
    async () => {
      const clients = Promise.all(Array.from({ length: CLIENTS }, (_, index) => client(`c${index}`)));
      let killed = 0;
      let slowest = 0;
      for (let round = 0; round < KILLS; round += 1) {
        const before = commands.length;
        await eventually(
          async () => commands.length,
          (sent) => sent > before + CLIENTS,
        );
        await sleep(Math.random() * 400);
        again = Promise.withResolvers();
        if ((await product.kill()) === 'SIGKILL') killed += 1;
        product = await Product.start(folder, SETTINGS);
        slowest = Math.max(slowest, product.readyAfterMs);
        // A mail that the dead process had under way is taken again when its lease has run out.
        await product.as().post('/sandbox/clock/advance', { milliseconds: 121_000 });
        again.resolve();
      }
      over = true;
      await clients;

      const broken = commands.reduce((sum, command) => sum + command.broken, 0);
      process.stdout.write(
        `F1: ${killed} kills, ${commands.length} commands, ${broken} connections broken, ready again within ${Math.round(slowest)} ms\n`,
      );
      expect(killed).toBe(KILLS);
      expect(broken).toBeGreaterThanOrEqual(KILLS);
      expect(slowest).toBeLessThan(10_000);
      expect(accepted.length).toBeGreaterThan(0);
      const refused = commands.filter(({ answers }) => !(answers[0] && answers[0].status < 300));
      expect(refused.map(({ method, path, answers }) => [method, path, answers[0]?.text])).toEqual([]);
    },
    KILLS * 15_000,
  );

  it('P2: the same key answers the same bytes again, whatever has happened since', async () => {
    const differing: object[] = [];
    for (const command of commands) {
      const token = command.path.endsWith('/accept') ? undefined : owner.token;
      const [first] = command.answers as [Answer];
      if (first.body.effects === 'pending') continue;
      const { status, text } = await product.as(token).call(command);
      if (status !== first.status || text !== first.text)
        differing.push({ path: command.path, first: first.text, again: `${status} ${text}` });
    }
    expect(differing).toEqual([]);
  }, 60_000);

  it('P1: what was accepted is finished: managed users, nothing parked, nothing quarantined', async () => {
    const me = product.as(owner.token);
    const users = await eventually(
      () => me.all(`/v1/organizations/${owner.organizationId}/users?kind=managed`),
      (items) => items.length > accepted.length,
    );
    const emails = users.map(({ email }) => email);
    expect(emails).toHaveLength(accepted.length + 1);
    expect(emails).toEqual(expect.arrayContaining(accepted));
    expect((await product.operator.get('/v1/operations/parked')).body.items).toEqual([]);
    const ready = await me.get('/health/ready');
    expect(ready.status).toBe(200);
    expect(
      ready.body.projections.filter(({ quarantined }: { quarantined: number }) => quarantined > 0),
    ).toEqual([]);
  }, 30_000);

  it('P1: every acknowledged event is in the audit history exactly once', async () => {
    const items = await product.as(owner.token).all(`/v1/organizations/${owner.organizationId}/audit-events`);
    const times = new Map<string, number>();
    for (const { id } of items) times.set(id, (times.get(id) ?? 0) + 1);
    const acknowledged = commands.flatMap(({ answers }) =>
      answers[0]?.body.events.map(({ id }: { id: string }) => id),
    );
    expect(acknowledged.length).toBeGreaterThan(commands.length / 2);
    expect(acknowledged.filter((id) => times.get(id) !== 1)).toEqual([]);
    const count = (type: string) => items.filter((item) => item.type === type).length;
    const asked = (end: string) => commands.filter(({ path }) => path.endsWith(end)).length;
    expect(count('InviteSent')).toBe(asked('/invitations'));
    expect(count('InviteResent')).toBe(asked('/resend'));
    expect(count('InviteCancelled')).toBe(asked('/cancel'));
    expect(count('InviteAccepted')).toBe(asked('/accept'));
    expect(count('OrganizationRenamed')).toBe(asked(owner.organizationId));
  }, 30_000);

  it('F3, P5: the read models equal their rebuild', async () => {
    const { operator } = product;
    const me = product.as(owner.token);
    const o = `/v1/organizations/${owner.organizationId}`;
    const lists = ['users', 'invitations', 'accounts', 'domains', 'audit-events'];
    const everything = async () => ({
      lists: await Promise.all(lists.map((list) => me.all(`${o}/${list}`))),
      summary: (await me.get(`${o}/summary`)).body,
    });
    const position = async () => (await operator.get('/v1/operations/projections')).body.items[0].position;
    // Mail is still being reported: compare only what was asked while nothing happened.
    const quiet = await eventually(
      async () => ({ before: await position(), shown: await everything(), after: await position() }),
      ({ before, shown, after }) => before === after && shown.lists[0]?.length !== 0,
    );
    const projections = (await operator.get('/v1/operations/projections')).body.items;
    for (const { name } of projections)
      expect(await operator.post(`/v1/operations/projections/${name}/rebuild`)).toMatchObject({
        status: 200,
      });
    const rebuilt = await everything();
    expect(await position()).toBe(quiet.after);
    expect(rebuilt.lists).toEqual(quiet.shown.lists);
    expect({ ...rebuilt.summary, asOf: '' }).toEqual({ ...quiet.shown.summary, asOf: '' });
  }, 60_000);

  it('P1, P2: the log itself has each command once, whole, at revisions without gaps', async () => {
    expect(await product.stop()).toBe(0);
    const store = openEmbeddedEvents(folder);
    const revisions = new Map<string, number>();
    const written = new Map<string, string>();
    const gaps: string[] = [];
    for await (const batch of store.readAll())
      for (const { stream, revision, id } of batch) {
        if (revision !== (revisions.get(stream) ?? -1) + 1) gaps.push(`${stream}@${revision}`);
        revisions.set(stream, revision);
        if (written.has(id)) gaps.push(`${id} twice`);
        written.set(id, `${stream}@${revision}`);
      }
    await store.close();
    expect(gaps).toEqual([]);
    for (const { answers } of commands) {
      const { stream, revision, events } = answers[0]?.body ?? {};
      const places = events.map(({ id }: { id: string }) => written.get(id));
      expect(places).toEqual(
        events.map((_: unknown, index: number) => `${stream}@${revision - events.length + 1 + index}`),
      );
    }
  }, 60_000);
});
