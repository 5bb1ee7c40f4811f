import { Injectable } from '@nestjs/common';
import { pause, SpareTime } from '#clock';
import { Commands, Execution, idFrom, namedBeside, namedUuid, systemEnvelope } from '#commands';
import { VerifiedDomains } from '#domains';
import { Together } from '#event-store';
import { isRefusal, type Refusal } from '#kernel';
import { type Merge, type MergeFailure, Merging, stepId, type Told } from '#merges';
import { organization } from '#organizations';
import { People, type User } from '#users';
import type { CandidateView } from './candidates.projection.ts';
import type { Import, RowOutcome, SkipReason } from './import.ts';
import type { ChosenRow } from './report.ts';

type Running = Extract<Import, { status: 'running' }>;

/** What the refusal of a joining means for a row. */
const reasons: Readonly<Record<string, SkipReason>> = {
  user_belongs_to_another_organization: 'member_of_other_organization',
  user_limit_reached: 'limit_reached',
  account_limit_reached: 'limit_reached',
  not_found: 'deleted_since_report',
  organization_merging: 'organization_merging',
  organization_absorbed: 'organization_merging',
};

const failures: Readonly<Partial<Record<MergeFailure, SkipReason>>> = {
  candidate_has_verified_domains: 'owner_of_other_organization_with_domains',
  candidate_owner_changed: 'member_of_other_organization',
  user_limit_reached: 'limit_reached',
  account_limit_reached: 'limit_reached',
};

/** Others hold the organization of an Owner for a moment only, unless they really merge it. */
const TRIES = 5;
const PAUSE_MS = 20;
/** People and accounts of a merged organization that move side by side. */
const AT_ONCE = 50;

/**
 * Imports one person, by commands whose ids hang on import and person only: whoever does a row again finds what was
 * done and tells the same outcome (P16).
 */
@Injectable()
export class RowImport {
  readonly #execution: Execution;
  readonly #commands: Commands;
  readonly #people: People;
  readonly #domains: VerifiedDomains;
  readonly #merging: Merging;
  readonly #spareTime: SpareTime;

  constructor(
    execution: Execution,
    commands: Commands,
    people: People,
    domains: VerifiedDomains,
    merging: Merging,
    spareTime: SpareTime,
  ) {
    this.#execution = execution;
    this.#commands = commands;
    this.#people = people;
    this.#domains = domains;
    this.#merging = merging;
    this.#spareTime = spareTime;
  }

  /** Undefined: it had not begun when `stopping` was aborted, and whoever goes on begins it. */
  async outcomeOf(
    run: Running,
    { row, person }: ChosenRow,
    cause: string,
    stopping: AbortSignal,
  ): Promise<RowOutcome | undefined> {
    const { userId } = person;
    const skipped = (reason: SkipReason): RowOutcome => ({ row, userId, outcome: 'skipped', reason });
    const imported = (mergeId: string | null): RowOutcome => ({ row, userId, outcome: 'imported', mergeId });
    const named = `${run.importId}/${userId}`;
    const joining = run.timed ? namedBeside(named, userId) : namedUuid(named);
    await this.#spareTime.turnToBegin('imports');
    if (stopping.aborted) return undefined;
    const mergeId = idFrom(joining, 'mrg');
    const { state, traces } = await this.#people.load(userId);
    if (traces.has(joining)) return imported(null);
    if (traces.has(stepId(`${mergeId}/${userId}`))) {
      await this.#finish(mergeId, run, cause);
      return imported(mergeId);
    }
    const { membership } = state.status === 'active' ? state : { membership: null };
    const excluded = await this.#excluded(run, person, state);
    if (excluded) {
      // A merge that has begun is gone through with, whatever has changed since.
      const { status } = await this.#finish(mergeId, run, cause);
      return status === 'completed' ? imported(mergeId) : skipped(excluded);
    }
    if (!membership) {
      const refused = await this.#join(run, userId, joining, cause);
      return refused ? skipped(refused) : imported(null);
    }
    const refused = await this.#merge(run, { userId, mergeId, from: membership.organizationId }, cause);
    return refused ? skipped(refused) : imported(mergeId);
  }

  async #excluded(
    { organizationId }: Running,
    { domain }: CandidateView,
    state: User,
  ): Promise<SkipReason | undefined> {
    if (state.status === 'deactivated') return 'suspended';
    if (state.status !== 'active') return 'deleted_since_report';
    if (state.domain !== domain) return 'address_changed';
    if (state.membership?.organizationId === organizationId) return 'already_member';
    if (await this.#domains.refuses(organizationId, domain)) return 'domain_unvalidated';
    if (!state.membership) return state.founded === null ? undefined : 'sign_up_unfinished';
    const { state: home } = await this.#execution.load(organization, state.membership.organizationId);
    return home.status !== 'unknown' && home.ownerId === state.userId
      ? undefined
      : 'member_of_other_organization';
  }

  async #join(
    { organizationId }: Running,
    userId: string,
    commandId: string,
    cause: string,
  ): Promise<SkipReason | undefined> {
    const fields = { userId, organizationId, role: 'standard_user', via: 'import', invitationId: null };
    const envelope = systemEnvelope(commandId, commandId, cause);
    const outcome = await this.#commands.enclosed({ command: 'JoinOrganization', fields }, envelope);
    return isRefusal(outcome) ? reasonOf(outcome) : undefined;
  }

  /** IMP-10, MRG-07: the Owner of another organization comes with all of it. */
  async #merge(
    run: Running,
    { userId, mergeId, from }: { userId: string; mergeId: string; from: string },
    cause: string,
  ): Promise<SkipReason | undefined> {
    const beginning = {
      mergeId,
      organizationId: run.organizationId,
      candidateOrganizationId: from,
      candidateOwnerId: userId,
      role: 'standard_user',
      via: 'import',
      importId: run.importId,
      invitationId: null,
    } as const;
    const before = await this.#merging.state(mergeId);
    const hindrance =
      before.status === 'unknown' && (await this.#merging.hindrance(run.organizationId, from));
    if (hindrance) return reasonOfFailure(hindrance);
    const told = toldBy(run, cause);
    for (let attempt = 1; ; attempt += 1) {
      const refused = await this.#merging.begin(beginning, told);
      if (!isRefusal(refused)) break;
      if (refused.code === 'merge_over') break;
      if (refused.code !== 'organization_merging' || attempt === TRIES) return reasonOf(refused);
      await pause(PAUSE_MS, never);
    }
    const state = await this.#finish(mergeId, run, cause, told);
    if (state.status === 'completed') return undefined;
    return state.status === 'failed' ? reasonOfFailure(state.failure) : 'organization_merging';
  }

  #finish(mergeId: string, run: Running, cause: string, told = toldBy(run, cause)): Promise<Merge> {
    return this.#merging.finish(mergeId, AT_ONCE, told);
  }
}

const never = new AbortController().signal;

const toldBy = ({ importId }: Running, cause: string): Told => ({
  correlationId: namedUuid(importId),
  cause,
  together: new Together(),
});

const reasonOfFailure = (failure: MergeFailure): SkipReason => failures[failure] ?? 'organization_merging';

const reasonOf = ({ code }: Refusal): SkipReason => {
  const reason = reasons[code];
  if (!reason) throw new Error(`a row of an import was refused: ${code}`);
  return reason;
};
