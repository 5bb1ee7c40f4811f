import { Inject, Injectable, type Provider } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Decider, Event, Refusal } from '#kernel';
import type { CommandClass } from './commands.ts';
import { envelopeOf, type OrgledgerCommand, type Outcome, type Principal } from './envelope.ts';
import { Execution } from './execution.ts';

/** One pure command: everything it needs stands in the command and in its own stream. */
export interface Row<C extends OrgledgerCommand, State, Command, E extends Event> {
  readonly on: new () => C;
  readonly decider: Decider<State, Command, E>;
  readonly id: (command: C) => string;
  readonly command: (command: C, principal: Principal) => Command;
  readonly authorize: (principal: Principal, state: State, command: C) => Refusal | undefined;
  readonly answer?: (state: State) => object;
}

/** Rows of every state and event type in one table. */
// biome-ignore lint/suspicious/noExplicitAny: each row is checked where `rowsOf` makes it.
export type AnyRow = Row<any, any, any, any>;

export const rowsOf =
  <State, Command, E extends Event>(decider: Decider<State, Command, E>) =>
  <C extends OrgledgerCommand>(row: Omit<Row<C, State, Command, E>, 'decider'>): AnyRow => ({
    ...row,
    decider,
  });

/** A handler class for every row of the table: load, authorize, decide, append. */
export const handlersFor = (rows: readonly AnyRow[]): Provider[] => rows.map(handlerFor);

const handlerFor = (of: AnyRow): Provider => {
  class RowHandler implements ICommandHandler<OrgledgerCommand, Outcome> {
    readonly #execution: Execution;

    constructor(execution: Execution) {
      this.#execution = execution;
    }

    execute(command: OrgledgerCommand): Promise<Outcome> {
      const envelope = envelopeOf(command);
      return this.#execution.run(
        {
          decider: of.decider,
          id: of.id(command),
          command: of.command(command, envelope.principal),
          authorize: (principal, state) => of.authorize(principal, state, command),
          answer: of.answer,
        },
        envelope,
      );
    }
  }
  Object.defineProperty(RowHandler, 'name', { value: `${of.on.name}Handler` });
  Injectable()(RowHandler);
  Inject(Execution)(RowHandler, undefined, 0);
  CommandHandler(of.on as CommandClass)(RowHandler);
  return RowHandler;
};
