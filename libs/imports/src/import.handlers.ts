import { Injectable } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Claims, type Holder } from '#claims';
import { type Envelope, Execution, envelopeOf, idFrom, mayManage, type Outcome, systemOnly } from '#commands';
import { domain, VerifiedDomains } from '#domains';
import { isRefusal, notFound, type Refusal, refuse } from '#kernel';
import { MergeLock } from '#merges';
import { LogHead } from '#queries';
import { bulkImport, bulkImportNotEnabled } from './bulk-import.ts';
import { ContinueImport, RequestImport, SelectImportRows, StartImport } from './import.commands.ts';
import { type Import, organizationImport } from './import.ts';
import { ImportRunner } from './import-runner.ts';
import { ImportReport } from './report.ts';
import { selectionOf } from './upload.ts';

/** True: an organization of which the operator has said nothing may import. */
export class BulkImportDefault {
  readonly enabled: boolean;
  constructor(enabled: boolean) {
    this.enabled = enabled;
  }
}

export const importAnswer = (state: Import): object =>
  state.status === 'unknown'
    ? {}
    : {
        importId: state.importId,
        status: state.status,
        rows: state.rows,
        ...(state.status === 'reporting' ? {} : { selected: state.selected }),
      };

/** Another organization's import answers like one that is not there. */
export const foreign = (state: Import, organizationId: string): Refusal | undefined =>
  state.status === 'unknown' || state.organizationId !== organizationId ? notFound : undefined;

@Injectable()
@CommandHandler(RequestImport)
export class RequestImportHandler implements ICommandHandler<RequestImport, Outcome> {
  readonly #execution: Execution;
  readonly #domains: VerifiedDomains;
  readonly #log: LogHead;
  readonly #default: BulkImportDefault;

  constructor(execution: Execution, domains: VerifiedDomains, log: LogHead, byDefault: BulkImportDefault) {
    this.#execution = execution;
    this.#domains = domains;
    this.#log = log;
    this.#default = byDefault;
  }

  async execute(command: RequestImport): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const { organizationId } = command;
    const importId = idFrom(envelope.commandId, 'imp');
    const one = {
      decider: organizationImport,
      id: importId,
      answer: (state: Import) => ({ ...importAnswer(state), effects: 'pending' }),
    };
    const refused =
      (await this.#execution.repeated(one, envelope)) ?? mayManage(envelope.principal, organizationId);
    if (refused) return refused;
    const domains = await this.#domainsOf(command);
    if (isRefusal(domains)) return domains;
    const asOfPosition = await this.#log.head();
    return this.#execution.run(
      {
        ...one,
        command: {
          type: 'RequestImportReport',
          importId,
          organizationId,
          domains,
          asOfPosition,
          requestedBy: envelope.principal.id,
        },
      },
      envelope,
    );
  }

  /** IMP-01, DOM-02, DOM-14: their names, when people may be imported from all of them now. */
  async #domainsOf({ organizationId, domainIds }: RequestImport): Promise<string[] | Refusal> {
    const { state } = await this.#execution.load(bulkImport, organizationId);
    if (!(state.enabled ?? this.#default.enabled)) return bulkImportNotEnabled;
    const names: string[] = [];
    for (const domainId of domainIds) {
      const { state: known } = await this.#execution.load(domain, domainId);
      if (known.status === 'unknown' || known.organizationId !== organizationId) return notFound;
      const unproved = await this.#domains.refuses(organizationId, known.domain);
      if (unproved) return unproved;
      names.push(known.domain);
    }
    return names.toSorted();
  }
}

@Injectable()
@CommandHandler(SelectImportRows)
export class SelectImportRowsHandler implements ICommandHandler<SelectImportRows, Outcome> {
  readonly #execution: Execution;
  readonly #report: ImportReport;

  constructor(execution: Execution, report: ImportReport) {
    this.#execution = execution;
    this.#report = report;
  }

  async execute(command: SelectImportRows): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const { organizationId, importId, digest, upload } = command;
    const one = { decider: organizationImport, id: importId, answer: importAnswer };
    const again = await this.#execution.repeated(one, envelope);
    if (again) return again;
    const { state } = await this.#execution.load(organizationImport, importId);
    const refused = mayManage(envelope.principal, organizationId) ?? foreign(state, organizationId);
    if (refused) return refused;
    let chosen = { selected: 0, selection: '' };
    if (state.status === 'ready') {
      const read = await selectionOf(upload, this.#report.pages(state));
      if (isRefusal(read)) return read;
      chosen = { selected: read.selected, selection: read.selection.text };
    }
    return this.#execution.run(
      {
        ...one,
        command: { type: 'SelectRows', ...chosen, csvHash: digest },
      },
      envelope,
    );
  }
}

const alreadyRunning = refuse(
  'conflict',
  'import_already_running',
  'Another import of one of these domains is running.',
);

/** ACK-06; one running import per domain (rules.md 2.6). */
@Injectable()
@CommandHandler(StartImport)
export class StartImportHandler implements ICommandHandler<StartImport, Outcome> {
  readonly #execution: Execution;
  readonly #claims: Claims;
  readonly #domains: VerifiedDomains;
  readonly #lock: MergeLock;

  constructor(execution: Execution, claims: Claims, domains: VerifiedDomains, lock: MergeLock) {
    this.#execution = execution;
    this.#claims = claims;
    this.#domains = domains;
    this.#lock = lock;
  }

  async execute(command: StartImport): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const { organizationId, importId, acknowledgements } = command;
    const one = { decider: organizationImport, id: importId, answer: importAnswer };
    const again = await this.#execution.repeated(one, envelope);
    if (again) return again;
    const { state } = await this.#execution.load(organizationImport, importId);
    const refused = mayManage(envelope.principal, organizationId) ?? foreign(state, organizationId);
    if (refused) return refused;
    const start = { type: 'StartImport', acknowledgements } as const;
    const { now, actor } = { now: this.#execution.now(), actor: envelope.principal };
    const decision = organizationImport.decide(start, state, { now, actor });
    if (state.status === 'ready') {
      if (isRefusal(decision)) return decision;
      const taken = await this.#reserve(state, envelope);
      if (taken) return taken;
    }
    return this.#execution.run({ ...one, command: start }, envelope);
  }

  async #reserve(
    { importId, organizationId, domains }: Exclude<Import, { status: 'unknown' }>,
    envelope: Envelope,
  ): Promise<Refusal | undefined> {
    for (const name of domains) {
      const unproved = await this.#domains.refuses(organizationId, name);
      if (unproved) return unproved;
      const held = await this.#claims.reserve(
        `import-${name}`,
        { holder: importId, organizationId, judge: (holder) => this.#judge(holder) },
        envelope,
      );
      if (held) return held.code === 'claim_held' ? alreadyRunning : held;
    }
    // Those who are imported may bring organizations along, and nobody merges this one away meanwhile.
    return this.#lock.asPrime(organizationId, envelope);
  }

  async #judge(holder: string): Promise<Holder> {
    const { state } = await this.#execution.load(organizationImport, holder);
    if (state.status === 'running') return 'alive';
    return state.status === 'completed' ? 'dead' : 'unknown';
  }
}

/** Wakes whoever does the work; the import's own stream says what is to be done. */
@Injectable()
@CommandHandler(ContinueImport)
export class ContinueImportHandler implements ICommandHandler<ContinueImport, Outcome> {
  readonly #runner: ImportRunner;

  constructor(runner: ImportRunner) {
    this.#runner = runner;
  }

  async execute(command: ContinueImport): Promise<Outcome> {
    const { principal, causationId } = envelopeOf(command);
    const refused = systemOnly(principal);
    if (refused) return refused;
    this.#runner.ring(command.importId, causationId ?? '');
    return { done: true };
  }
}
