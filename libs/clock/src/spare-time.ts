import { turns } from './turns.ts';

/** What such work takes of one turn of the event loop, in milliseconds. */
const PIECE_MS = 0.5;
/** What it takes in a row while somebody asks: as much as the log takes in with one commit. */
const SHARE_MS = 2.5;
/** While somebody asks, from the beginning of one share to that of the next: the rest is theirs. */
const EVERY_MS = 12;
/** Whoever was answered so long ago is not asking any more. */
const ASKING_MS = 20;

/** Rows of imports with their merges; merges that were accepted; whoever leaves and comes back with a domain. */
export type Work = 'imports' | 'merges' | 'domains';

interface Line {
  readonly waiting: (() => void)[];
  readonly beginning: (() => void)[];
  /** In milliseconds, or as much as the others when it had nothing to do. */
  taken: number;
}

const isEmpty = ({ waiting, beginning }: Line): boolean => waiting.length + beginning.length === 0;

/** The event loop and its time. */
export interface Loop {
  /** In milliseconds. */
  now(): number;
  nextTurn(work: () => void): void;
  later(work: () => void, milliseconds: number): void;
  /** In this turn, after everything that has been set going. */
  afterwards(work: () => void): void;
}

const machine: Loop = {
  now: () => performance.now(),
  nextTurn: (work) => turns.piece(work),
  later: setTimeout,
  afterwards: (work) => queueMicrotask(() => process.nextTick(work)),
};

/**
 * Work whose end nobody waits for goes on step by step, in turn: as many steps in one turn of the event loop as a piece
 * holds, one piece after the other while nobody asks for anything, and some of them seldom while somebody does. Works
 * of different kinds have the same of it.
 */
export class SpareTime {
  readonly #loop: Loop;
  readonly #lines: Readonly<Record<Work, Line>> = {
    imports: { waiting: [], beginning: [], taken: 0 },
    merges: { waiting: [], beginning: [], taken: 0 },
    domains: { waiting: [], beginning: [], taken: 0 },
  };
  #isAwaited = false;
  #began = Number.NEGATIVE_INFINITY;
  /** Of the share, and of the piece. */
  #taken = 0;
  #takenInTurn = 0;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(loop = machine) {
    this.#loop = loop;
  }

  /** Somebody was answered, and may ask again. */
  asked(): void {
    this.#askedAt = this.#loop.now();
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
      if (!this.#isAwaited) this.#await();
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
    this.#isAwaited = true;
    const now = this.#loop.now();
    const rest = this.#began + EVERY_MS - now;
    const isTheirs = this.#taken >= SHARE_MS && rest > 0 && now - this.#askedAt < ASKING_MS;
    if (isTheirs) this.#loop.later(() => this.#begin(), Math.ceil(rest));
    else this.#loop.nextTurn(() => this.#begin());
  }

  #begin(): void {
    const now = this.#loop.now();
    if (this.#taken >= SHARE_MS || now - this.#began >= EVERY_MS) {
      this.#began = now;
      this.#taken = 0;
    }
    this.#takenInTurn = 0;
    this.#step();
  }

  #step(): void {
    const isOver = this.#takenInTurn >= PIECE_MS || this.#taken >= SHARE_MS;
    const [line] = isOver ? [] : this.#busy().toSorted((one, other) => one.taken - other.taken);
    const next = line && (line.waiting.shift() ?? line.beginning.shift());
    if (next) {
      const since = this.#loop.now();
      next();
      this.#loop.afterwards(() => {
        const taken = this.#loop.now() - since;
        this.#taken += taken;
        this.#takenInTurn += taken;
        line.taken += taken;
        this.#step();
      });
      return;
    }
    this.#isAwaited = false;
    if (this.#busy().length > 0) this.#await();
  }
}
