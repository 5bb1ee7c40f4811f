import { describe, expect, it } from '@jest/globals';
import type { ExecutionContext } from '@nestjs/common';
import fc from 'fast-check';
import { unauthenticated } from './problem.ts';
import { Allowance, RateGuard } from './request-rates.ts';

const rates = {
  person: { reads: 60, changes: 6 },
  organization: { reads: 90, changes: 60 },
  source: { reads: 30, changes: 3 },
};

/** A guard on a clock of its own, and requests that only it looks at. */
const guarded = () => {
  let now = 1_000;
  const authentication = {
    canActivate: async (context: ExecutionContext) => {
      if (context.switchToHttp().getRequest().bad) throw unauthenticated();
      return true;
    },
  };
  const guard = new RateGuard(authentication, rates, () => now);
  const ask = async (request: object): Promise<{ status: number; headers: Record<string, string> }> => {
    const headers: Record<string, string> = {};
    const http = {
      getRequest: () => ({
        method: 'GET',
        url: '/v1/me',
        raw: { socket: { remoteAddress: '192.0.2.1' } },
        ...request,
      }),
      getResponse: () => ({
        header: (name: string, value: string) => Object.assign(headers, { [name]: value }),
      }),
    };
    try {
      await guard.canActivate({ switchToHttp: () => http } as unknown as ExecutionContext);
      return { status: 200, headers };
    } catch (error) {
      const problem = error as { status: number; headers: Record<string, string> };
      return { status: problem.status, headers: { ...headers, ...problem.headers } };
    }
  };
  const times = async (count: number, request: object) => {
    const answers = [];
    for (let n = 0; n < count; n++) answers.push(await ask(request));
    return answers;
  };
  return { ask, times, advance: (milliseconds: number) => (now += milliseconds) };
};

const anna = { principal: { type: 'user', id: 'usr_anna', organizationId: 'org_1' } };
const adam = { principal: { type: 'user', id: 'usr_adam', organizationId: 'org_1' } };
const eve = { principal: { type: 'user', id: 'usr_eve', organizationId: 'org_2' } };
const statuses = (answers: readonly { status: number }[]) => [
  answers.filter(({ status }) => status === 200).length,
  answers.filter(({ status }) => status === 429).length,
];

describe('P18: how many requests a minute', () => {
  it('a person has an allowance, says every answer; one too many is 429 with Retry-After', async () => {
    const { ask, times, advance } = guarded();
    expect((await ask(anna)).headers).toEqual({
      'ratelimit-policy': '"person";q=60;w=60, "organization";q=90;w=60',
      ratelimit: '"person";r=59;t=1',
    });
    expect(statuses(await times(70, anna))).toEqual([59, 11]);
    expect(await ask(anna)).toEqual({
      status: 429,
      headers: {
        'ratelimit-policy': '"person";q=60;w=60, "organization";q=90;w=60',
        ratelimit: '"person";r=0;t=60',
        'retry-after': '1',
      },
    });
    advance(1_000);
    expect(statuses(await times(2, anna))).toEqual([1, 1]);
    advance(60_000);
    expect(statuses(await times(61, anna))).toEqual([60, 1]);
  });

  it('changes have one of their own', async () => {
    const { times } = guarded();
    expect(statuses(await times(7, { ...anna, method: 'POST' }))).toEqual([6, 1]);
    expect(statuses(await times(7, anna))).toEqual([7, 0]);
  });

  it('people of one organization share another; others do not notice', async () => {
    const { ask, times } = guarded();
    expect(statuses(await times(60, anna))).toEqual([60, 0]);
    expect(statuses(await times(40, adam))).toEqual([30, 10]);
    expect((await ask(adam)).headers.ratelimit).toBe('"organization";r=0;t=60');
    expect(statuses(await times(60, eve))).toEqual([60, 0]);
  });

  it('whoever has not signed in has one by address, and so has a token that is none', async () => {
    const { ask, times } = guarded();
    expect((await ask({})).headers['ratelimit-policy']).toBe('"source";q=30;w=60');
    const wrong = await times(40, { bad: true });
    expect([wrong.filter(({ status }) => status === 401).length, ...statuses(wrong)]).toEqual([29, 0, 11]);
    expect((await ask({})).status).toBe(429);
    expect((await ask({ raw: { socket: { remoteAddress: '192.0.2.2' } } })).status).toBe(200);
  });

  it('what strangers have used up is not held against those who are known at the same address', async () => {
    const { ask, times } = guarded();
    await times(31, { bad: true });
    expect((await ask(anna)).status).toBe(429);
    expect((await ask({ ...anna, isKnown: true })).status).toBe(200);
  });

  it('whoever watches the service is not counted, nor is the operator', async () => {
    const { times } = guarded();
    for (const request of [
      { url: '/health/live' },
      { url: '/health/ready' },
      { url: '/metrics' },
      { principal: { type: 'operator', id: 'operator' } },
    ])
      expect(statuses(await times(100, request))).toEqual([100, 0]);
  });

  it('no pattern of asking gets more than the allowance and what has come back since', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 5_000 }), { maxLength: 200 }), (pauses) => {
        const allowance = new Allowance('person', 20);
        let now = 0;
        const taken: number[] = [];
        for (const pause of pauses) {
          now += pause;
          if (allowance.take('k', now)) taken.push(now);
        }
        for (const [index, since] of taken.entries()) {
          const within = taken.slice(index);
          for (const [count, at] of within.entries())
            expect(count + 1).toBeLessThanOrEqual(20 + Math.floor((at - since) / 3_000 + 1e-9));
        }
      }),
    );
  });
});
