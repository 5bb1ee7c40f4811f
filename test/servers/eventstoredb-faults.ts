import type { AppendOutcome, ProposedEvent } from './eventstoredb-log.ts';
import type { Subscription } from './eventstoredb-subscriptions.ts';

/** What a real server was seen to do to its clients, to be switched on by a test. Counts what it did. */
export class Faults {
  /** How often each fault has really happened. */
  readonly injected = {
    lostAnswers: 0,
    silenced: 0,
    wrongVersions: 0,
    timedOutDuplicates: 0,
    endedSubscriptions: 0,
  };
  readonly subscriptions = new Set<Subscription>();
  readonly batchStreams = new Set<() => void>();
  #silent = false;
  #held: (() => void)[] = [];
  #loseAnswers = 0;
  #wrongVersions: { left: number; actual: bigint } = { left: 0, actual: 0n };
  #commitDelay = 0;
  readonly #inFlight = new Set<string>();

  /** Connections stay open, nothing is answered until `speak`. */
  silence(): void {
    this.#silent = true;
    for (const subscription of this.subscriptions) subscription.stall();
  }

  /** What was held back and is still waited for is served now. */
  speak(): void {
    this.#silent = false;
    for (const serve of this.#held.splice(0)) serve();
  }

  /** Runs the call now, or when the server speaks again. */
  serve(call: { readonly cancelled: boolean }, run: () => void): void {
    if (!this.#silent) {
      run();
      return;
    }
    this.injected.silenced += 1;
    this.#held.push(() => {
      if (!call.cancelled) run();
    });
  }

  /** The next appends are stored, their answers never sent. */
  loseAnswers(count: number): void {
    this.#loseAnswers = count;
  }

  /** The next appends are refused with this revision, stored or not. */
  refuseNext(count: number, actual: bigint): void {
    this.#wrongVersions = { left: count, actual };
  }

  /** Appends are stored at once and answered so much later; a duplicate that comes meanwhile times out. */
  delayAnswers(milliseconds: number): void {
    this.#commitDelay = milliseconds;
  }

  /** Live subscriptions end with "Consumer too slow". */
  dropSubscriptions(): void {
    this.#each((subscription) => subscription.drop());
  }

  /** Subscriptions end without an error. */
  endSubscriptions(): void {
    this.#each((subscription) => subscription.end());
  }

  /** Subscriptions stay open and deliver nothing any more. */
  stallSubscriptions(): void {
    this.#each((subscription) => subscription.stall());
  }

  #each(act: (subscription: Subscription) => void): void {
    for (const subscription of this.subscriptions)
      if (!subscription.isOver) {
        this.injected.endedSubscriptions += 1;
        act(subscription);
      }
  }

  /** The shared streams of batch appends break. */
  breakBatchStreams(): void {
    for (const fail of this.batchStreams) fail();
  }

  /** Decides an append: by the log, or by a fault; `answer` is called at most once. */
  append(
    stream: string,
    events: readonly ProposedEvent[],
    decide: () => AppendOutcome,
    answer: (outcome: AppendOutcome | 'timed-out') => void,
  ): void {
    if (this.#wrongVersions.left > 0) {
      this.#wrongVersions.left -= 1;
      this.injected.wrongVersions += 1;
      answer({ kind: 'wrong-version', expected: 'no_stream', actual: this.#wrongVersions.actual });
      return;
    }
    const key = `${stream} ${events[0]?.id}`;
    if (this.#inFlight.has(key)) {
      this.injected.timedOutDuplicates += 1;
      setTimeout(() => answer('timed-out'), this.#commitDelay);
      return;
    }
    const outcome = decide();
    if (this.#loseAnswers > 0) {
      this.#loseAnswers -= 1;
      this.injected.lostAnswers += 1;
      return;
    }
    if (this.#commitDelay === 0) {
      answer(outcome);
      return;
    }
    this.#inFlight.add(key);
    setTimeout(() => {
      this.#inFlight.delete(key);
      answer(outcome);
    }, this.#commitDelay);
  }
}
