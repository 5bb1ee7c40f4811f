import { Injectable } from '@nestjs/common';
import { CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import {
  Execution,
  enclose,
  envelopeOf,
  idFrom,
  mayManage,
  namedUuid,
  type Outcome,
  systemOnly,
} from '#commands';
import { VerifiedDomains } from '#domains';
import { SendInvite } from '#invitations';
import { isRefusal, notFound, refuse } from '#kernel';
import { People } from '#users';
import { ContinueMerge, NoteMergeOffer, RequestMerge, StartMerge, WithdrawMerge } from './merge.commands.ts';
import { type Merge, merge } from './merge.ts';
import { MergeCandidates } from './merge-candidates.ts';
import { Merging } from './merging.ts';

/** People and accounts that move before what follows from others goes on. */
const AT_ONCE = 100;

/** Of the invitation that offers it. */
const mergeOf = (invitationId: string): string => idFrom(namedUuid(invitationId), 'mrg');

@Injectable()
@CommandHandler(RequestMerge)
export class RequestMergeHandler implements ICommandHandler<RequestMerge, Outcome> {
  readonly #execution: Execution;
  readonly #bus: CommandBus;
  readonly #people: People;
  readonly #domains: VerifiedDomains;
  readonly #candidates: MergeCandidates;

  constructor(
    execution: Execution,
    bus: CommandBus,
    people: People,
    domains: VerifiedDomains,
    candidates: MergeCandidates,
  ) {
    this.#execution = execution;
    this.#bus = bus;
    this.#people = people;
    this.#domains = domains;
    this.#candidates = candidates;
  }

  async execute(command: RequestMerge): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const { organizationId, candidateOwnerEmail: email, role } = command;
    const inviting = {
      ...envelope,
      commandId: namedUuid(`${envelope.commandId}/invitation`),
      ifMatch: undefined,
    };
    const invitationId = idFrom(inviting.commandId, 'inv');
    const mergeId = mergeOf(invitationId);
    const one = {
      decider: merge,
      id: mergeId,
      answer: (offered: Merge) =>
        offered.status === 'unknown'
          ? {}
          : {
              mergeId,
              invitationId,
              kind: 'merge',
              userId: offered.candidateOwnerId,
              candidateOrganizationId: offered.candidateOrganizationId,
            },
    };
    const refused =
      (await this.#execution.repeated(one, envelope)) ??
      mayManage(envelope.principal, organizationId) ??
      (await this.#domains.refuses(organizationId, this.#people.address(email)?.domain ?? ''));
    if (refused) return refused;
    const found = await this.#candidates.find(organizationId, email);
    if (isRefusal(found)) return notFound;
    const { ownerId, candidateId, blockers } = found;
    if (blockers.length > 0)
      return refuse('conflict', 'merge_blocked', 'This organization cannot be merged now.', { blockers });
    const invited: Outcome = await this.#bus.execute(
      enclose(Object.assign(new SendInvite(), { organizationId, email, role }), inviting),
    );
    if (isRefusal(invited) || envelope.dryRun || role === 'owner') return invited;
    return this.#execution.run(
      {
        ...one,
        command: {
          type: 'RequestMerge',
          mergeId,
          organizationId,
          candidateOrganizationId: candidateId,
          candidateOwnerId: ownerId,
          role,
          invitationId,
          requestedBy: envelope.principal.id,
        },
      },
      envelope,
    );
  }
}

@Injectable()
@CommandHandler(NoteMergeOffer)
export class NoteMergeOfferHandler implements ICommandHandler<NoteMergeOffer, Outcome> {
  readonly #execution: Execution;

  constructor(execution: Execution) {
    this.#execution = execution;
  }

  async execute(command: NoteMergeOffer): Promise<Outcome> {
    const { organizationId, candidateOrganizationId, candidateOwnerId, role, invitationId, requestedBy } =
      command;
    const mergeId = mergeOf(invitationId);
    const about = { mergeId, organizationId, candidateOrganizationId, candidateOwnerId, role };
    return this.#execution.run(
      {
        decider: merge,
        id: mergeId,
        authorize: systemOnly,
        command: { type: 'RequestMerge', ...about, invitationId, requestedBy },
      },
      envelopeOf(command),
    );
  }
}

@Injectable()
@CommandHandler(WithdrawMerge)
export class WithdrawMergeHandler implements ICommandHandler<WithdrawMerge, Outcome> {
  readonly #execution: Execution;

  constructor(execution: Execution) {
    this.#execution = execution;
  }

  async execute(command: WithdrawMerge): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const mergeId = mergeOf(command.invitationId);
    const refused = systemOnly(envelope.principal);
    if (refused) return refused;
    // Most invitations merge nothing.
    if ((await this.#execution.load(merge, mergeId)).state.status === 'unknown') return { done: true };
    return this.#execution.run(
      { decider: merge, id: mergeId, command: { type: 'WithdrawMerge', reason: command.reason } },
      envelope,
    );
  }
}

@Injectable()
@CommandHandler(StartMerge)
export class StartMergeHandler implements ICommandHandler<StartMerge, Outcome> {
  readonly #merging: Merging;

  constructor(merging: Merging) {
    this.#merging = merging;
  }

  async execute(command: StartMerge): Promise<Outcome> {
    const { principal, correlationId, causationId } = envelopeOf(command);
    const refused = systemOnly(principal);
    if (refused) return refused;
    const { organizationId, candidateOrganizationId, candidateOwnerId, role, invitationId } = command;
    return this.#merging.begin(
      {
        mergeId: mergeOf(invitationId),
        organizationId,
        candidateOrganizationId,
        candidateOwnerId,
        role,
        via: 'invitation',
        importId: null,
        invitationId,
      },
      { correlationId, cause: causationId ?? '' },
    );
  }
}

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
