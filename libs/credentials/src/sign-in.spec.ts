import { expect, it, jest } from '@jest/globals';
import { Guesses } from './guesses.ts';
import { SignIn } from './sign-in.ts';

const somebody = { userId: 'usr_1', status: 'active' };
const opened = { token: 'ols_1', sessionId: 'ses_1', expiresAt: 1 };

/** Everybody is somebody and right; tells the turns of the event loop in which each step was taken. */
const watched = (instead: Readonly<Record<number, object>> = {}) => {
  let turn = 0;
  const steps: Record<string, number[]> = { finds: [], reads: [], opens: [], ends: [], answers: [] };
  const took = <T>(step: string, found: T): T => {
    steps[step]?.push(turn);
    return found;
  };
  const hashed = Promise.withResolvers<boolean>();
  const parts = [
    { typed: () => ({ hash: 'h' }), withTyped: async () => took('finds', somebody) },
    { verify: () => hashed.promise },
    { find: async () => took('reads', { hash: 'kept' }) },
    { epoch: async () => 0, create: async () => took('opens', opened) },
    { find: async () => undefined },
    {},
    {},
    { appliesTo: async () => false },
    { attempt: (_: string, __: string, work: () => unknown) => work(), succeeded: async () => undefined },
    { load: async () => took('ends', { state: {} }) },
    {},
  ];
  const signIn = Reflect.construct(SignIn, Object.assign(parts, instead)) as SignIn;
  const turns = async (count: number) => {
    for (let n = 0; n < count; n++) {
      await new Promise((resolve) => setImmediate(resolve));
      turn += 1;
    }
  };
  return { signIn, steps, took, turns, hashed };
};

it('P18: of those who sign in at once each takes each step in a turn of its own, for between them others are heard', async () => {
  // Turns that take no time: of long ones several steps have their share.
  using _clock = jest.spyOn(performance, 'now').mockReturnValue(0);
  const { signIn, steps, took, turns, hashed } = watched();
  const from = { sourceIp: '192.0.2.1', userAgent: null };
  const one = async () => took('answers', await signIn.withPassword('a@b.example', 'right', from));
  const all = Promise.all([1, 2, 3, 4].map(one));
  await turns(30);
  hashed.resolve(true);
  await turns(60);
  expect(await all).toEqual(Array(4).fill({ ...opened, user: somebody, enrolment: null }));
  const inAll = Object.values(steps).flat();
  expect([Object.values(steps).map(({ length }) => length), new Set(inAll).size]).toEqual([
    [4, 4, 4, 4, 4],
    20,
  ]);
});

it('P14: who was right counts as no wrong guess when it cannot be told just now whether a second factor is wanted', async () => {
  const told: string[] = [];
  const limits = {
    check: async () => ({ allowed: true }),
    succeeded: async () => void told.push('succeeded'),
    released: async () => void told.push('released'),
  };
  const requirement = { appliesTo: () => Promise.reject(new Error('being built')) };
  const { signIn, hashed } = watched({ 7: requirement, 8: new Guesses(limits as never) });
  hashed.resolve(true);
  const from = { sourceIp: '192.0.2.1', userAgent: null };
  await expect(signIn.withPassword('a@b.example', 'right', from)).rejects.toThrow('being built');
  expect(told).toEqual(['released']);
});
