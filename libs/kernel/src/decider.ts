import type { Actor, Event } from './event.ts';
import type { Refusal } from './refusal.ts';

/** All a decision may know beside the command and the state. Nothing else is an input: no clock, no randomness. */
export interface CommandContext {
  /** ISO 8601 UTC with milliseconds, from the clock port. */
  readonly now: string;
  readonly actor: Actor;
}

/** The events that follow (none: nothing would change), or the rule that says no. */
export type Decision<E extends Event> = readonly E[] | Refusal;

/** The whole life of one aggregate, as values. */
export interface Decider<State, Command, E extends Event> {
  /** First part of the stream name, before the dash. */
  readonly category: string;
  readonly initial: State;
  readonly evolve: (state: State, event: E) => State;
  readonly decide: (command: Command, state: State, context: CommandContext) => Decision<E>;
  /** True of an event after which nothing is told any more of what was before: earlier answers are forgotten. */
  readonly forgets?: (event: E) => boolean;
  /** Of technical streams only: so many newest events are enough for every decision. Business history is kept for ever. */
  readonly keeps?: number;
  /** The organization whose history this belongs to, if any. */
  readonly organizationOf: (state: State) => string | null;
}

/** Closes an exhaustive `switch`; the compiler names what is missing. An unknown event changes nothing. */
export const unreachable = <T>(_value: never, otherwise: T): T => otherwise;
