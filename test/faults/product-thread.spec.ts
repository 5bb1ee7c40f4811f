import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { administrator, Product } from './product.ts';

const KILLER = new URL('./thread-killer.mjs', import.meta.url);

let folder: string;
let product: Product;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'orgledger-thread-'));
});

afterAll(async () => {
  await product?.kill();
  rmSync(folder, { recursive: true, force: true });
});

describe('P1: the thread that writes the read models dies', () => {
  it('the process ends with it, and the next one shows all that was acknowledged', async () => {
    product = await Product.start(folder, { ORGLEDGER_RATE_LIMITS: 'off' }, KILLER);
    const { token, organizationId, domain } = await administrator(product);
    const invitations = `/v1/organizations/${organizationId}/invitations`;
    const invite = (index: number) =>
      product.as(token).post(invitations, { email: `p${index}@${domain}`, role: 'standard_user' });
    const acknowledged: string[] = [];
    const inviting = Array.from({ length: 30 }, async (_, index) => {
      const { status, body } = await invite(index);
      if (status !== 201) return;
      acknowledged.push(body.invitationId);
      if (acknowledged.length === 3) product.child.kill('SIGUSR2');
    });
    await Promise.allSettled(inviting);
    expect(await product.child.ended).toBe(1);

    product = await Product.start(folder, { ORGLEDGER_RATE_LIMITS: 'off' });
    const { position } = (await invite(99)).body;
    const items = await product.as(token).all(`${invitations}?minPosition=${position}`);
    const listed = items.map(({ invitationId }) => invitationId);
    expect(acknowledged.length).toBeGreaterThanOrEqual(3);
    expect(listed).toEqual(expect.arrayContaining(acknowledged));
  }, 60_000);
});
