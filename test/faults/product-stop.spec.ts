import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Product } from './product.ts';

const IN_FLIGHT = 12;
const SETTINGS = { ORGLEDGER_RATE_LIMITS: 'off' };

let folder: string;
let product: Product;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'orgledger-stop-'));
});

afterAll(async () => {
  await product?.kill();
  rmSync(folder, { recursive: true, force: true });
});

const person = (index: number) => ({
  email: `p${index}@corporate.example`,
  password: 'a long quiet river 9',
});

describe('P1: a stop under load', () => {
  it('answers what is in flight, exits with 0 within 10 s, and the next start has everything', async () => {
    product = await Product.start(folder, SETTINGS);
    const answers = Array.from({ length: IN_FLIGHT }, (_, index) =>
      product.as().post('/v1/sign-ups', {
        ...person(index),
        givenName: `P${index}`,
        familyName: 'Berg',
        organizationName: `Corporate ${index}`,
      }),
    );
    let answered = 0;
    for (const answer of answers) answer.then(() => (answered += 1));
    // Passwords take their time: when the first is answered, the others have all arrived and wait.
    await Promise.race(answers);
    const before = answered;
    const started = performance.now();
    const stopped = product.stop();
    product.child.kill('SIGTERM');
    const all = await Promise.all(answers);
    product.child.kill('SIGTERM');
    expect(await stopped).toBe(0);
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(before).toBeLessThan(IN_FLIGHT - 4);
    expect(all.map(({ status }) => status)).toEqual(all.map(() => 201));
    await expect(product.as().get('/health/live')).rejects.toThrow();

    product = await Product.start(folder, SETTINGS);
    for (const [index, { body }] of all.entries()) {
      const session = await product.as().post('/v1/sessions', person(index));
      expect(session.status).toBe(201);
      const me = await product.as(session.body.token).get(`/v1/me?minPosition=${body.position}`);
      expect(me.body).toMatchObject({ userId: body.userId, organizationId: body.organizationId });
    }
  }, 60_000);

  it('a second process on the same folder is refused with one sentence, and the first goes on', async () => {
    const refused = await Product.start(folder, SETTINGS).catch((error: Error) => error.message);
    expect(refused).toContain(
      `Orgledger does not start: the data folder ${folder} is in use by process ${product.child.pid} since `,
    );
    expect((await product.as().get('/health/ready')).status).toBe(200);
  }, 30_000);

  it('idle, it stops at once', async () => {
    const started = performance.now();
    expect(await product.stop()).toBe(0);
    expect(performance.now() - started).toBeLessThan(3_000);
  }, 30_000);
});
