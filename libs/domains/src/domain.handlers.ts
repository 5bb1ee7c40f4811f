import { Injectable } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import {
  conflictWithNew,
  type Envelope,
  Execution,
  envelopeOf,
  idFrom,
  mayManage,
  type Outcome,
} from '#commands';
import { type DomainName, parseDomainName } from '#dns-proof';
import { isRefusal, notFound, type Refusal } from '#kernel';
import { AddDomain, VerifyDomain } from './domain.commands.ts';
import type { Observation } from './domain.events.ts';
import { type Domain, domain } from './domain.ts';
import { domainSlots } from './domain-slots.ts';
import { DomainTokens, proofOf } from './domain-tokens.ts';
import { LookAlikes } from './look-alikes.ts';
import { Proving } from './proving.ts';

/** DOM-03. */
const DOMAIN_LIMIT = 100;
/** How long a slot counts although its domain does not exist yet: the time between two appends of one command. */
const GRACE_MS = 60_000;

export const domainAnswer = (state: Domain): object =>
  state.status === 'unknown'
    ? {}
    : {
        domainId: state.domainId,
        domain: state.domain,
        method: state.method,
        status: state.status,
        ...proofOf(state.domain, state.token),
      };

@Injectable()
@CommandHandler(AddDomain)
export class AddDomainHandler implements ICommandHandler<AddDomain, Outcome> {
  readonly #execution: Execution;
  readonly #tokens: DomainTokens;
  readonly #lookAlikes: LookAlikes;

  constructor(execution: Execution, tokens: DomainTokens, lookAlikes: LookAlikes) {
    this.#execution = execution;
    this.#tokens = tokens;
    this.#lookAlikes = lookAlikes;
  }

  async execute(command: AddDomain): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const { organizationId } = command;
    const domainId = idFrom(envelope.commandId, 'dom');
    const one = { decider: domain, id: domainId, answer: domainAnswer };
    const refused =
      (await this.#execution.repeated(one, envelope)) ?? mayManage(envelope.principal, organizationId);
    if (refused) return refused;
    const name = parseDomainName(command.domain);
    if (isRefusal(name)) return name;
    const unavailable =
      conflictWithNew(envelope) ??
      (await this.#lookAlikes.refuses(organizationId, name.domain)) ??
      (await this.#takeSlot(domainId, name, command, envelope));
    if (unavailable) return unavailable;
    return this.#execution.run(
      {
        ...one,
        command: {
          type: 'AddDomain',
          domainId,
          organizationId,
          domain: name.domain,
          method: command.method,
          token: this.#tokens.issue(organizationId, domainId, name.domain),
          skeleton: name.skeleton,
        },
      },
      envelope,
    );
  }

  async #takeSlot(
    domainId: string,
    { domain: name }: DomainName,
    { organizationId }: AddDomain,
    envelope: Envelope,
  ): Promise<Refusal | undefined> {
    const reserve = () =>
      this.#execution.run(
        {
          decider: domainSlots,
          id: organizationId,
          command: { type: 'ReserveDomainSlot', organizationId, domainId, domain: name, limit: DOMAIN_LIMIT },
        },
        { ...envelope, ifMatch: undefined },
      );
    const outcome = await reserve();
    if (!isRefusal(outcome)) return undefined;
    if (!(await this.#releaseAbandoned(organizationId, envelope))) return outcome;
    const again = await reserve();
    return isRefusal(again) ? again : undefined;
  }

  /** Slots that a crash left behind: taken a while ago by domains that never came to be, or that are gone. */
  async #releaseAbandoned(organizationId: string, envelope: Envelope): Promise<boolean> {
    const { taken } = (await this.#execution.load(domainSlots, organizationId)).state;
    const before = new Date(Date.parse(this.#execution.now()) - GRACE_MS).toISOString();
    let released = false;
    for (const [domainId, { reservedAt }] of Object.entries(taken)) {
      const { status } = (await this.#execution.load(domain, domainId)).state;
      if (status !== 'deleted' && status !== 'expired' && !(status === 'unknown' && reservedAt < before))
        continue;
      await this.#execution.run(
        {
          decider: domainSlots,
          id: organizationId,
          command: { type: 'ReleaseDomainSlot', organizationId, domainId },
        },
        { ...envelope, ifMatch: undefined, commandId: `${envelope.commandId}/release/${domainId}` },
      );
      released = true;
    }
    return released;
  }
}

/** DOM-10: looks now. The claim on the name comes first, then the decision (DOM-06). */
@Injectable()
@CommandHandler(VerifyDomain)
export class VerifyDomainHandler implements ICommandHandler<VerifyDomain, Outcome> {
  readonly #execution: Execution;
  readonly #proving: Proving;

  constructor(execution: Execution, proving: Proving) {
    this.#execution = execution;
    this.#proving = proving;
  }

  async execute(command: VerifyDomain): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const { organizationId, domainId } = command;
    const answer = (after: Domain, { observed, reason } = recorded(after)) => ({
      domainId,
      status: after.status,
      observed,
      reason,
    });
    const again = await this.#execution.repeated({ decider: domain, id: domainId, answer }, envelope);
    if (again) return again;
    const { state } = await this.#execution.load(domain, domainId);
    const refused = mayManage(envelope.principal, organizationId) ?? absent(state, organizationId);
    if (refused) return refused;
    const seen = await this.#proving.look(state, envelope);
    if (isRefusal(seen)) return seen;
    const outcome = await this.#execution.run(
      {
        decider: domain,
        id: domainId,
        command: { type: 'VerifyDomain', observation: seen },
        authorize: (_principal, now) => absent(now, organizationId),
        answer: (after) => answer(after, seen),
      },
      envelope,
    );
    if ('events' in outcome && outcome.events.length === 0)
      await this.#proving.record(state, seen, { dueAt: null, lapses: false }, envelope);
    return outcome;
  }
}

/** What the check saw that led to this state. */
const recorded = (state: Domain): Pick<Observation, 'reason' | 'observed'> => {
  if (state.status === 'unknown') return { reason: '', observed: [] };
  if (state.status !== 'verified') return state.missed;
  return { reason: 'found', observed: [proofOf(state.domain, state.token).dnsRecord.value] };
};

/** Another organization's domain answers like one that is not there; so does a deleted one. */
export const absent = (state: Domain, organizationId: string): Refusal | undefined =>
  state.status === 'unknown' || state.status === 'deleted' || state.organizationId !== organizationId
    ? notFound
    : undefined;
