import { isDeepStrictEqual } from 'node:util';
import type { CommandContext, Decider } from './decider.ts';
import type { Event } from './event.ts';
import { isRefusal, type Refusal } from './refusal.ts';

const context: CommandContext = {
  now: '2026-01-01T00:00:00.000Z',
  actor: { type: 'user', id: 'usr_00000000000000000000000000000001' },
};

/** given past events, when a command, then exactly these events, in this order; or exactly this refusal code. */
export const specify = <State, Command, E extends Event>(decider: Decider<State, Command, E>) => {
  const fold = (events: readonly E[]) => events.reduce(decider.evolve, decider.initial);
  return {
    given: (...past: readonly E[]) => ({
      state: () => fold(past),
      when: (command: Command, overrides: Partial<CommandContext> = {}) => {
        const decision = decider.decide(command, fold(past), { ...context, ...overrides });
        return {
          decision,
          then: (...expected: readonly E[]) => mustEqual(decision, expected),
          thenNothing: () => mustEqual(decision, []),
          thenRefused: (code: string): Refusal => {
            mustEqual(isRefusal(decision) ? decision.code : decision, code);
            return decision as Refusal;
          },
        };
      },
    }),
  };
};

const mustEqual = (actual: unknown, expected: unknown): void => {
  if (!isDeepStrictEqual(actual, expected))
    throw new Error(
      `expected ${JSON.stringify(expected, null, 2)}\nbut got ${JSON.stringify(actual, null, 2)}`,
    );
};
