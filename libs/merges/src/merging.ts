import { Injectable } from '@nestjs/common';
import { SpareTime } from '#clock';
import { Commands, type Envelope, Execution, namedBeside, type Outcome, systemEnvelope } from '#commands';
import { Together } from '#event-store';
import { type Decider, type Event, isRefusal, type Refusal } from '#kernel';
import { organization } from '#organizations';
import { Room, user } from '#users';
import { type Belongings, Candidate, type Size } from './candidate.ts';
import { Ending } from './ending.ts';
import {
  isThrough,
  type Merge,
  type MergeCommand,
  type MergeFailure,
  merge,
  roleAfter,
  type Step,
} from './merge.ts';
import { MergeLock } from './merge-lock.ts';

type Running = Extract<Merge, { status: 'running' }>;

/** How a merge begins. */
export type Beginning = Omit<Extract<MergeCommand, { type: 'StartMerge' }>, 'type'>;

/** What made a step happen. */
export interface Told {
  readonly correlationId: string;
  readonly cause: string;
  /** Of whoever goes on with the merge at once, so that the steps wait for the disk only where others look. */
  readonly together?: Together;
}

/** Steps that are held together. */
type Going = Required<Told>;

const nothing: Outcome = { done: true };

/** Of a step that is named by its merge and what it does. */
export const stepId = (step: string): string => namedBeside(step, step.slice(0, step.indexOf('/')));

/** Parts of a plan that fit into one event. */
const PLAN_PART = 5_000;

/**
 * The steps of a merge. Each has an id of its own, so that whoever was killed is followed by whoever comes next; once
 * the plan is written there is only forward (rules.md 2.7).
 */
@Injectable()
export class Merging {
  readonly #execution: Execution;
  readonly #commands: Commands;
  readonly #lock: MergeLock;
  readonly #candidate: Candidate;
  readonly #ending: Ending;
  readonly #room: Room;
  readonly #spareTime: SpareTime;

  constructor(
    execution: Execution,
    commands: Commands,
    lock: MergeLock,
    candidate: Candidate,
    ending: Ending,
    room: Room,
    spareTime: SpareTime,
  ) {
    this.#execution = execution;
    this.#commands = commands;
    this.#lock = lock;
    this.#candidate = candidate;
    this.#ending = ending;
    this.#room = room;
    this.#spareTime = spareTime;
  }

  async state(mergeId: string): Promise<Merge> {
    return (await this.#execution.load(merge, mergeId)).state;
  }

  /**
   * MRG-02: why one cannot be merged into the other now; nobody is held for the question. What the read models show just
   * now suffices to begin, as all of it is looked at again once both are held.
   */
  async hindrance(
    organizationId: string,
    candidateOrganizationId: string,
  ): Promise<MergeFailure | undefined> {
    const seen = await this.#candidate.glance(candidateOrganizationId);
    return (
      (await this.#hindrance(organizationId, seen)) && this.#whyNot(organizationId, candidateOrganizationId)
    );
  }

  async #whyNot(organizationId: string, candidateOrganizationId: string): Promise<MergeFailure | undefined> {
    return this.#hindrance(organizationId, await this.#candidate.size(candidateOrganizationId));
  }

  async #hindrance(
    organizationId: string,
    { hasVerifiedDomains, coming }: Size,
  ): Promise<MergeFailure | undefined> {
    if (hasVerifiedDomains) return 'candidate_has_verified_domains';
    const refused = await this.#room.refuses(organizationId, coming);
    return refused && crowded(refused);
  }

  /** From here on both organizations are held. */
  async begin(beginning: Beginning, told: Told): Promise<Outcome> {
    const { mergeId, organizationId, candidateOrganizationId, via } = beginning;
    const together = told.together ?? new Together();
    const envelope = this.#envelope(`${mergeId}/start`, { ...told, together }, told.together !== undefined);
    const begun = await this.#execution.repeated({ decider: merge, id: mergeId }, envelope);
    if (begun) return begun;
    // A merge that runs holds them already.
    if ((await this.state(mergeId)).status !== 'running') {
      const prime = via === 'import' ? null : organizationId;
      const sides = { mergeId, candidate: candidateOrganizationId, prime };
      const refused = await this.#lock.hold(sides, told.correlationId, together);
      if (refused) return refused;
    }
    const command: MergeCommand = { type: 'StartMerge', ...beginning };
    return this.#execution.run({ decider: merge, id: mergeId, command }, envelope);
  }

  /** Goes on by so many people and accounts at most. @returns the last of what was written to the merge */
  async advance(mergeId: string, atMost: number, told: Told): Promise<Outcome> {
    const going = { together: new Together(), ...told };
    let state = await this.state(mergeId);
    if (state.status === 'running' && !state.planned) {
      const impossible = (await this.#lockCandidate(state, going)) ?? (await this.#plan(state, going));
      if (impossible) return this.#giveUp(state, impossible, going);
      state = await this.state(mergeId);
    }
    const outcome = state.status === 'running' ? await this.#move(state, atMost, going) : nothing;
    await going.together.onDisk;
    return outcome;
  }

  /** The lock is on the disk before anybody looks whom it keeps together. */
  async #lockCandidate(state: Running, told: Going): Promise<MergeFailure | undefined> {
    const { mergeId, organizationId: intoOrganizationId, candidateOrganizationId } = state;
    const outcome = await this.#execution.run(
      {
        decider: organization,
        id: candidateOrganizationId,
        command: { type: 'BeginAbsorption', mergeId, intoOrganizationId },
      },
      this.#envelope(`${mergeId}/lock`, told),
    );
    await told.together.onDisk;
    await this.#turn(state);
    if (isRefusal(outcome)) return 'candidate_not_open';
    const { state: candidate } = await this.#execution.load(organization, candidateOrganizationId);
    if (candidate.status === 'unknown') return 'candidate_not_open';
    if (candidate.ownerId !== state.candidateOwnerId) return 'candidate_owner_changed';
    const isLocked = candidate.status === 'merging' && candidate.mergeId === mergeId;
    return isLocked ? undefined : this.#whyGivenUp(state);
  }

  /** It was let go before that could be told. */
  async #whyGivenUp({ organizationId, candidateOrganizationId }: Running): Promise<MergeFailure> {
    return (await this.#whyNot(organizationId, candidateOrganizationId)) ?? 'candidate_not_open';
  }

  /** Who and what moves, when nothing stands in the way any more (MRG-02). */
  async #plan(begun: Running, told: Going): Promise<MergeFailure | undefined> {
    await this.#room.settled(begun.candidateOrganizationId);
    const found = await this.#candidate.of(begun.candidateOrganizationId);
    await this.#turn(begun);
    if (found.hasVerifiedDomains) return 'candidate_has_verified_domains';
    const outcome = await this.#room.within(
      begun.organizationId,
      async (isCounted) => {
        await this.#planRest(begun, found, told);
        if (isCounted) await told.together.onDisk;
        return nothing;
      },
      { users: found.users.length, accounts: { of: begun.candidateOrganizationId } },
    );
    return isRefusal(outcome) ? crowded(outcome) : undefined;
  }

  /** Goes on to the end. @returns how it ended, or what it is when it never began */
  async finish(mergeId: string, atOnce: number, told: Told): Promise<Merge> {
    for (;;) {
      const state = await this.state(mergeId);
      if (state.status !== 'running') return state;
      await this.advance(mergeId, atOnce, told);
    }
  }

  /** @returns how many and how much more moves now */
  async #planRest(begun: Running, found: Belongings, told: Going): Promise<number> {
    const { mergeId } = begun;
    const planned = new Set([...begun.users.map(({ userId }) => userId), ...begun.accounts]);
    const users = found.users.filter(({ userId }) => !planned.has(userId));
    const accounts = found.accountIds.filter((accountId) => !planned.has(accountId));
    const more = users.length + accounts.length;
    for (let complete = false; !complete; ) {
      const state = await this.state(mergeId);
      if (state.status !== 'running') return 0;
      const from = { users: state.users.length, accounts: state.accounts.length };
      const part = { users: users.splice(0, PLAN_PART), accounts: accounts.splice(0, PLAN_PART) };
      complete = users.length === 0 && accounts.length === 0;
      const step = `${mergeId}/plan/${from.users}/${from.accounts}`;
      await this.#run(merge, mergeId, { type: 'PlanMerge', from, ...part, complete }, step, told);
    }
    return more;
  }

  /** People first: whoever owns an account belongs to its organization (ACC-03). */
  async #move(state: Running, atMost: number, told: Going): Promise<Outcome> {
    const { mergeId, done } = state;
    const people = state.users.slice(done.users, done.users + atMost);
    const users = await Promise.all(people.map(({ userId }) => this.#moveUser(state, userId, told)));
    const theirs =
      done.users + users.length === state.users.length
        ? state.accounts.slice(done.accounts, done.accounts + atMost)
        : [];
    const accounts = await Promise.all(theirs.map((accountId) => this.#moveAccount(state, accountId, told)));
    const next = { users: done.users + users.length, accounts: done.accounts + accounts.length };
    if (isThrough({ ...state, done: next })) await this.#endWithoutStragglers(state, told);
    const step = `${mergeId}/moves/${done.users}/${done.accounts}`;
    return this.#run(merge, mergeId, { type: 'RecordMoves', from: done, users, accounts }, step, told);
  }

  async #moveUser(state: Running, userId: string, told: Going): Promise<Step> {
    await this.#turn(state);
    const { mergeId, organizationId, candidateOrganizationId, candidateOwnerId, via } = state;
    const outcome = await this.#run(
      user,
      userId,
      {
        type: 'MoveToOrganization',
        from: candidateOrganizationId,
        organizationId,
        role: roleAfter(state, userId),
        mergeId,
        provesAddress: via === 'invitation' && userId === candidateOwnerId,
      },
      `${mergeId}/${userId}`,
      told,
    );
    return { id: userId, moved: hasWritten(outcome) };
  }

  async #moveAccount(state: Running, accountId: string, told: Going): Promise<Step> {
    await this.#turn(state);
    const { mergeId, organizationId, candidateOrganizationId: from } = state;
    const fields = { accountId, organizationId, from, cause: { type: 'merge', id: mergeId } };
    const outcome = await this.#commands.enclosed(
      { command: 'AttachAccount', fields },
      this.#envelope(`${mergeId}/${accountId}`, told),
    );
    if (isRefusal(outcome)) throw new Error(`an account could not be moved: ${outcome.code}`);
    return { id: accountId, moved: hasWritten(outcome) };
  }

  /** Nobody is left who could bring more; what came in by a command that had begun before the lock moves first. */
  async #endWithoutStragglers(state: Running, told: Going): Promise<void> {
    const { mergeId, organizationId, candidateOrganizationId } = state;
    const left = await this.#candidate.of(candidateOrganizationId);
    await this.#turn(state);
    if ((await this.#planRest(state, left, told)) > 0) return;
    await this.#ending.end(candidateOrganizationId, organizationId, left, (name) =>
      this.#envelope(`${mergeId}/${name}`, told),
    );
    const complete = { type: 'CompleteAbsorption', mergeId } as const;
    await this.#run(organization, candidateOrganizationId, complete, `${mergeId}/absorb`, told);
  }

  async #giveUp(state: Running, reason: MergeFailure, told: Going): Promise<Outcome> {
    const { mergeId, candidateOrganizationId } = state;
    const abort = { type: 'AbortAbsorption', mergeId } as const;
    if (reason !== 'candidate_not_open')
      await this.#run(organization, candidateOrganizationId, abort, `${mergeId}/unlock`, told);
    const outcome = await this.#run(merge, mergeId, { type: 'FailMerge', reason }, `${mergeId}/fail`, told);
    await told.together.onDisk;
    return outcome;
  }

  /** Follow-ons of others wait for what was accepted, so that does not wait behind imports. */
  #turn({ via }: Running): Promise<void> {
    return this.#spareTime.turn(via === 'import' ? 'imports' : 'merges');
  }

  #envelope(step: string, { correlationId, cause, together }: Going, ahead = true): Envelope {
    return { ...systemEnvelope(stepId(step), correlationId, cause), together, ahead };
  }

  async #run<State, Command, E extends Event>(
    decider: Decider<State, Command, E>,
    id: string,
    command: Command,
    step: string,
    told: Going,
  ): Promise<Outcome> {
    const outcome = await this.#execution.run({ decider, id, command }, this.#envelope(step, told));
    if (isRefusal(outcome)) throw new Error(`a step of a merge was refused: ${outcome.code}`);
    return outcome;
  }
}

/** USR-18, ACC-11. */
const crowded = ({ code }: Refusal): MergeFailure =>
  code === 'account_limit_reached' ? 'account_limit_reached' : 'user_limit_reached';

const hasWritten = (outcome: Outcome): boolean => 'revision' in outcome && outcome.events.length > 0;
