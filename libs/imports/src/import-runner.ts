import { createHash } from 'node:crypto';
import { nextPiece, pause, Waiting } from '#clock';
import { type Execution, namedUuid, systemEnvelope } from '#commands';
import type { EventStore } from '#event-store';
import { isRefusal } from '#kernel';
import type { ReadModels } from '#read-models';
import {
  atTheStartOf,
  type Import,
  type ImportCommand,
  type Mark,
  organizationImport,
  type RowOutcome,
  type Walk,
} from './import.ts';
import type { ImportNotices } from './import-notices.ts';
import type { ImportView } from './imports.projection.ts';
import { inOrder } from './in-order.ts';
import type { ChosenRow, ImportReport } from './report.ts';
import type { RowImport } from './row-import.ts';

/** Rows that are under way side by side: a merge waits most of the time, a joining keeps others waiting. */
const AT_ONCE: Readonly<Record<Walk, number>> = { owners: 1_024, others: 64, everybody: 128 };
/** Rows whose outcomes are told together. */
const TOGETHER = 64;
/** How often a report under way says how far it is. */
const TELL_EVERY = 50_000;
const RETRY_MS = 250;

type Known = Exclude<Import, { status: 'unknown' }>;
type Running = Extract<Import, { status: 'running' }>;

interface Done {
  readonly outcome: RowOutcome;
  readonly behind: Mark;
}

/**
 * Builds reports and does the rows of imports, one import at a time, beside everything else. What is to be done stands
 * in the import's own stream: whoever is killed is followed by whoever starts next, at the first row without an
 * outcome.
 */
export class ImportRunner {
  readonly #execution: Execution;
  readonly #readModels: ReadModels;
  readonly #log: Pick<EventStore, 'head'>;
  readonly #report: ImportReport;
  readonly #rows: RowImport;
  readonly #notices: ImportNotices;
  readonly #onTrouble: (error: Error) => void;
  /** Import → the event that asked for it. */
  readonly #asked = new Map<string, string>();
  readonly #abort = new AbortController();
  readonly #waiting = new Waiting();
  #busy = false;
  #running: Promise<void> = Promise.resolve();

  constructor(
    execution: Execution,
    readModels: ReadModels,
    log: Pick<EventStore, 'head'>,
    report: ImportReport,
    rows: RowImport,
    notices: ImportNotices,
    onTrouble: (error: Error) => void,
  ) {
    this.#execution = execution;
    this.#readModels = readModels;
    this.#log = log;
    this.#report = report;
    this.#rows = rows;
    this.#notices = notices;
    this.#onTrouble = onTrouble;
  }

  /** This import has something to do. */
  ring(importId: string, cause: string): void {
    this.#asked.set(importId, cause);
    this.#waiting.wake();
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    this.#waiting.wake();
    await this.#running;
  }

  /** Resolves when nothing is left that could be done now. */
  async idle(): Promise<void> {
    await this.#waiting.until(() => this.#asked.size === 0 && !this.#busy, this.#abort.signal);
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted && !(await this.#manages(() => this.#findUnfinished())));
    while (!signal.aborted) {
      await this.#waiting.until(() => this.#asked.size > 0, signal);
      const [asked] = this.#asked;
      if (!asked) continue;
      const [importId, cause] = asked;
      this.#busy = true;
      this.#asked.delete(importId);
      // One that cannot go on waits behind the others.
      if (!(await this.#manages(() => this.#work(importId, cause)))) this.#asked.set(importId, cause);
      this.#busy = false;
      this.#waiting.wake();
    }
  }

  /** False after a pause when it failed: what passes by itself (a store is away, a read model is behind) is tried again. */
  async #manages(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      this.#onTrouble(error as Error);
      await pause(RETRY_MS, this.#abort.signal);
      return false;
    }
  }

  async #findUnfinished(): Promise<void> {
    await this.#readModels.reach(await this.#log.head(), ['imports']);
    const unfinished = this.#readModels.every<ImportView>('imports', { where: { open: true }, by: 'open' });
    for await (const { importId, openedBy } of unfinished) this.ring(importId, openedBy);
  }

  async #work(importId: string, cause: string): Promise<void> {
    let state = await this.#load(importId);
    if (state.status === 'reporting') await this.#buildReport(state, cause);
    state = await this.#load(importId);
    if (state.status !== 'unknown' && state.status !== 'reporting' && state.notices === 'asked') {
      const people = await this.#notices.queue(state);
      await this.#decide(state, { type: 'FinishNotices', people }, 'notices', cause);
    }
    state = await this.#load(importId);
    if (state.status === 'running') await this.#doRows(importId, cause);
  }

  async #load(importId: string): Promise<Import> {
    return (await this.#execution.load(organizationImport, importId)).state;
  }

  /** From the start: a hash cannot be taken up in the middle. */
  async #buildReport(state: Extract<Import, { status: 'reporting' }>, cause: string): Promise<void> {
    const hash = createHash('sha256');
    let rows = 0;
    const onRows = async (count: number): Promise<void> => {
      rows = count;
      await nextPiece();
      if (count % TELL_EVERY === 0)
        await this.#decide(state, { type: 'ExtendReport', rows }, `report/${rows}`, cause);
    };
    for await (const piece of this.#report.csv(state, onRows)) {
      if (this.#abort.signal.aborted) return;
      hash.update(piece);
    }
    const csvHash = hash.digest('hex');
    await this.#decide(state, { type: 'FinishReport', rows, csvHash }, 'report', cause);
  }

  async #doRows(importId: string, cause: string): Promise<void> {
    for (;;) {
      const state = await this.#load(importId);
      if (state.status !== 'running' || this.#abort.signal.aborted) return;
      await this.#walk(state, cause);
    }
  }

  /** Rows of which some are slow do not hold up those behind them; what came of them is told in their order. */
  async #walk(run: Running, cause: string): Promise<void> {
    const { walk, row, place } = run;
    let mark: Mark = { walk, row, place };
    let told: Done[] = [];
    const tell = async (next: Mark, complete: boolean): Promise<void> => {
      const outcomes = told.map(({ outcome }) => outcome);
      const step = `rows/${mark.walk}/${mark.row}`;
      await this.#decide(
        run,
        { type: 'RecordOutcomes', from: mark, outcomes, mark: next, complete },
        step,
        cause,
      );
      mark = next;
      told = [];
    };
    const ofThisWalk = ofWalk(walk, this.#report.chosen(run, row, place));
    const done = inOrder(ofThisWalk, AT_ONCE[walk], async (chosen) => ({
      outcome: await this.#rows.outcomeOf(run, chosen, cause, this.#abort.signal),
      behind: { walk, row: chosen.row + 1, place: chosen.place },
    }));
    for await (const { outcome, behind } of done) {
      if (!outcome || this.#abort.signal.aborted) return;
      told.push({ outcome, behind });
      if (told.length === TOGETHER) await tell(behind, false);
    }
    if (walk === 'owners') await tell(atTheStartOf('others'), false);
    else await tell(told.at(-1)?.behind ?? mark, true);
  }

  async #decide(state: Known, command: ImportCommand, step: string, cause: string): Promise<void> {
    const { importId } = state;
    const envelope = systemEnvelope(namedUuid(`${importId}/${step}`), namedUuid(importId), cause);
    const outcome = await this.#execution.run(
      { decider: organizationImport, id: importId, command },
      envelope,
    );
    if (isRefusal(outcome)) throw new Error(`a step of an import was refused: ${outcome.code}`);
  }
}

/** As they were when the report was made: the same rows whenever the walk goes on. */
async function* ofWalk(walk: Walk, rows: AsyncIterable<ChosenRow>): AsyncGenerator<ChosenRow, void> {
  for await (const chosen of rows)
    if (walk === 'everybody' || (chosen.person.role === 'owner') === (walk === 'owners')) yield chosen;
}
