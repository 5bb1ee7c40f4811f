import { Inject, Injectable, type Provider } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Decider, Event } from '#kernel';
import type { CommandClass } from './commands.ts';
import { envelopeOf, type OrgledgerCommand, type Outcome, type Principal } from './envelope.ts';
import { Execution, type Step } from './execution.ts';

/** One pure command: everything it needs stands in the command and in its own stream. */
export interface Row<C extends OrgledgerCommand, State, Command, E extends Event> {
  readonly on: new () => C;
  readonly decider: Decider<State, Command, E>;
  readonly id: (command: C) => string;
  readonly command: (command: C, principal: Principal) => Command;
  readonly authorize: NonNullable<Step<State, Command, E>['authorize']>;
  readonly answer?: (state: State) => object;
}

/** Rows of every state and event type in one table. */
// biome-ignore lint/suspicious/noExplicitAny: each row is checked where `row` makes it.
export type AnyRow = Row<any, any, any, any>;

export const row = <C extends OrgledgerCommand, State, Command, E extends Event>(
  of: Row<C, State, Command, E>,
): AnyRow => of;

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
          authorize: of.authorize,
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

/** Only the product itself issues this command. */
export const systemOnly: NonNullable<Step<unknown, unknown, Event>['authorize']> = (principal) =>
  principal.actor.type === 'system'
    ? undefined
    : { refused: 'missing', code: 'not_found', detail: 'There is nothing here.' };
