import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Product } from './product.ts';

let folder: string;
let product: Product | undefined;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'orgledger-older-'));
});

afterAll(async () => {
  await product?.kill();
  rmSync(folder, { recursive: true, force: true });
});

const signUp = async (email: string): Promise<void> => {
  product = await Product.start(folder);
  const names = { givenName: 'Anna', familyName: 'Berg', organizationName: 'Corporate' };
  const signedUp = await product
    .as()
    .post('/v1/sign-ups', { email, password: 'a long quiet river 9', ...names });
  expect(signedUp.status).toBe(201);
  expect(await product.stop()).toBe(0);
};

it('P1: a log that has lost its end is refused, not filled up; with what was read from it removed it is served', async () => {
  await signUp('one@corporate.example');
  copyFileSync(join(folder, 'events.db'), join(folder, 'older'));
  await signUp('two@corporate.example');
  copyFileSync(join(folder, 'older'), join(folder, 'events.db'));
  await expect(Product.start(folder)).rejects.toThrow(
    /the event log ends at position \d+, but position \d+ was read/,
  );
  for (const store of ['read-models.db', 'work.db']) rmSync(join(folder, store));
  await signUp('three@corporate.example');
}, 60_000);
