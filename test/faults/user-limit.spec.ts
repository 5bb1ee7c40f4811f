import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Execution, namedUuid, type Outcome, systemEnvelope } from '#commands';
import { organizationLimits } from '#organizations';
import { ManagedUsersLimit } from '#users';
import { Crowd } from '../support/crowd.ts';
import { Mortal } from '../support/mortal.ts';

describe('the limit of managed users', () => {
  let folder: string;
  let product: Mortal;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'orgledger-limit-'));
    product = await Mortal.start(folder);
  });
  afterEach(async () => {
    await product.end();
    rmSync(folder, { recursive: true, force: true });
  });

  it('USR-18: one that was lowered meanwhile binds whoever has waited for their turn', async () => {
    const { organizationId } = await new Crowd(product.platform.events).organization({ domain: 'a.example' });
    const limitTo = (users: number | null): Promise<Outcome> =>
      product.get(Execution).run(
        {
          decider: organizationLimits,
          id: organizationId,
          command: { type: 'SetLimits', organizationId, users },
        },
        systemEnvelope(namedUuid(`limit ${users}`), namedUuid('limit'), null),
      );
    const limit = product.get(ManagedUsersLimit);
    const done: Outcome = { done: true };
    await limitTo(9);
    const isIn = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<Outcome>();
    const first = limit.within(organizationId, () => {
      isIn.resolve();
      return goOn.promise;
    });
    await isIn.promise;
    const [second, third] = [1, 2].map(() => limit.within(organizationId, async () => done));
    await new Promise((resolve) => setImmediate(resolve));
    await limitTo(1);
    goOn.resolve(done);
    expect(await first).toEqual(done);
    expect(await second).toMatchObject({ code: 'user_limit_reached' });
    expect(await third).toMatchObject({ code: 'user_limit_reached' });
    await limitTo(null);
    expect(await limit.within(organizationId, async () => done)).toEqual(done);
  });
});
