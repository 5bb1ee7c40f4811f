import { describe, expect, it } from '@jest/globals';
import { boundedProof } from './bounded-proof.ts';
import type { Observation, ProofRequest } from './port.ts';

const request: ProofRequest = { domain: 'corporate.example', method: 'dns_txt', token: 'f'.repeat(32) };
const found: Observation = { outcome: 'found', reason: 'found', observed: [] };

describe('looking at many domains', () => {
  it('P11: never more at once than the bound, everybody in turn, also when looks fail', async () => {
    let under = 0;
    let most = 0;
    let looks = 0;
    const proof = boundedProof(
      {
        check: async () => {
          under += 1;
          most = Math.max(most, under);
          looks += 1;
          const fails = looks % 3 === 0;
          await new Promise((resume) => setImmediate(resume));
          under -= 1;
          if (fails) throw new Error('aborted');
          return found;
        },
      },
      4,
    );
    const seen = await Promise.allSettled(Array.from({ length: 30 }, () => proof.check(request)));
    expect(seen.filter(({ status }) => status === 'fulfilled')).toHaveLength(20);
    expect([most, looks, under]).toEqual([4, 30, 0]);
    expect(await proof.check(request)).toBe(found);
  });
});
