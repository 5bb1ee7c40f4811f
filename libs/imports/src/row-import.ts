import { Injectable } from '@nestjs/common';
import { Commands, namedUuid } from '#commands';
import { VerifiedDomains } from '#domains';
import { isRefusal } from '#kernel';
import { People } from '#users';
import type { Import, RowOutcome, SkipReason } from './import.ts';
import type { ChosenRow } from './report.ts';

type Running = Extract<Import, { status: 'running' }>;

/** What the refusal of a joining means for a row. */
const reasons: Readonly<Record<string, SkipReason>> = {
  user_belongs_to_another_organization: 'member_of_other_organization',
  user_limit_reached: 'limit_reached',
  not_found: 'deleted_since_report',
};

/**
 * Imports one person, by commands whose ids hang on import and person only: whoever does a row again finds what was
 * done and tells the same outcome (P16).
 */
@Injectable()
export class RowImport {
  readonly #commands: Commands;
  readonly #people: People;
  readonly #domains: VerifiedDomains;

  constructor(commands: Commands, people: People, domains: VerifiedDomains) {
    this.#commands = commands;
    this.#people = people;
    this.#domains = domains;
  }

  async outcomeOf(run: Running, { row, person }: ChosenRow, cause: string): Promise<RowOutcome> {
    const { userId, domain } = person;
    const skipped = (reason: SkipReason): RowOutcome => ({ row, userId, outcome: 'skipped', reason });
    const imported = (mergeId: string | null): RowOutcome => ({ row, userId, outcome: 'imported', mergeId });
    const name = `${run.importId}/${userId}`;
    const { state, traces } = await this.#people.load(userId);
    if (traces.has(namedUuid(name))) return imported(null);
    if (state.status === 'deactivated') return skipped('suspended');
    if (state.status !== 'active') return skipped('deleted_since_report');
    if (state.domain !== domain) return skipped('address_changed');
    if (state.membership?.organizationId === run.organizationId) return skipped('already_member');
    if (await this.#domains.refuses(run.organizationId, domain)) return skipped('domain_unvalidated');
    if (state.membership) return skipped('member_of_other_organization');
    if (state.founded !== null) return skipped('sign_up_unfinished');
    const { organizationId } = run;
    const fields = { userId, organizationId, role: 'standard_user', via: 'import', invitationId: null };
    const outcome = await this.#commands.issue({ command: 'JoinOrganization', fields }, name, cause);
    if (!isRefusal(outcome)) return imported(null);
    const reason = reasons[outcome.code];
    if (!reason) throw new Error(`a row of an import was refused: ${outcome.code}`);
    return skipped(reason);
  }
}
