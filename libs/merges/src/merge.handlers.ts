import { Injectable } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { envelopeOf, type Outcome, systemOnly } from '#commands';
import { ContinueMerge } from './merge.commands.ts';
import { Merging } from './merging.ts';

/** People and accounts that move before others' commands get their turn. */
const AT_ONCE = 25;

@Injectable()
@CommandHandler(ContinueMerge)
export class ContinueMergeHandler implements ICommandHandler<ContinueMerge, Outcome> {
  readonly #merging: Merging;

  constructor(merging: Merging) {
    this.#merging = merging;
  }

  async execute(command: ContinueMerge): Promise<Outcome> {
    const { principal, correlationId, causationId } = envelopeOf(command);
    const refused = systemOnly(principal);
    if (refused) return refused;
    return this.#merging.advance(command.mergeId, AT_ONCE, { correlationId, cause: causationId ?? '' });
  }
}
