import { eventLoop, type Loop, turns } from './turns.ts';

/** What such work takes of one turn of the event loop, in milliseconds; more where turns are long. */
const PIECE_MS = 0.5;

/** Rows of imports with their merges; merges that were accepted; whoever leaves and comes back with a domain. */
export type Work = 'imports' | 'merges' | 'domains';

interface Line {
  readonly waiting: (() => void)[];
  readonly beginning: (() => void)[];
  /** In milliseconds, or as much as the others when it had nothing to do. */
  taken: number;
}

const isEmpty = ({ waiting, beginning }: Line): boolean => waiting.length + beginning.length === 0;

/** Where the time comes from. */
export interface Time extends Pick<Loop, 'now' | 'afterwards'> {
  piece(work: (allowed: number) => Promise<void>): void;
}

const machine: Time = { ...eventLoop, piece: (work) => turns.piece(work) };

/**
 * Work whose end nobody waits for goes on step by step, as many steps as one piece holds. Works of different kinds have
 * the same of the time.
 */
export class SpareTime {
  readonly #time: Time;
  readonly #lines: Readonly<Record<Work, Line>> = {
    imports: { waiting: [], beginning: [], taken: 0 },
    merges: { waiting: [], beginning: [], taken: 0 },
    domains: { waiting: [], beginning: [], taken: 0 },
  };
  #isAwaited = false;

  constructor(time = machine) {
    this.#time = time;
  }

  /** Resolves when the caller may take the next step, which ends where it waits for something. */
  turn(work: Work): Promise<void> {
    return this.#turn(this.#lines[work], 'waiting');
  }

  /** The same for a first step: what has begun goes on before anything else of its kind begins. */
  turnToBegin(work: Work): Promise<void> {
    return this.#turn(this.#lines[work], 'beginning');
  }

  #turn(line: Line, queue: 'waiting' | 'beginning'): Promise<void> {
    if (isEmpty(line)) line.taken = Math.max(line.taken, this.#leastTaken());
    return new Promise((resolve) => {
      line[queue].push(resolve);
      this.#await();
    });
  }

  #busy(): Line[] {
    return Object.values(this.#lines).filter((line) => !isEmpty(line));
  }

  #leastTaken(): number {
    const taken = this.#busy().map((line) => line.taken);
    return taken.length === 0 ? 0 : Math.min(...taken);
  }

  #await(): void {
    if (this.#isAwaited || this.#busy().length === 0) return;
    this.#isAwaited = true;
    this.#time.piece((allowed) => this.#piece(Math.max(PIECE_MS, allowed)));
  }

  async #piece(milliseconds: number): Promise<void> {
    let now = this.#time.now();
    const end = now + milliseconds;
    for (let line = this.#next(); line && now < end; line = this.#next()) now = await this.#step(line, now);
    this.#isAwaited = false;
    this.#await();
  }

  /** Whoever had least. */
  #next(): Line | undefined {
    return this.#busy().toSorted((one, other) => one.taken - other.taken)[0];
  }

  /** @returns when it was done */
  async #step(line: Line, begun: number): Promise<number> {
    const next = line.waiting.shift() ?? line.beginning.shift();
    next?.();
    await this.#time.afterwards();
    const done = this.#time.now();
    line.taken += done - begun;
    return done;
  }
}
