import { randomBytes } from 'node:crypto';
import { giveWay } from './give-way.ts';
import { tooWeak, type WeaknessContext } from './weak-passwords.ts';

/** More sign-ins at once than are let in: 503 with `Retry-After`. */
export class SignInBusy extends Error {
  override readonly name = 'SignInBusy';
}

/** Argon2id, 19 MiB, two passes, one lane. No hash before it: every byte of the password counts. */
const cost = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
const longest = 1_024;

export interface PasswordOptions {
  /** Hashes computed at once, each on a thread of its own. Default 2. */
  readonly parallel?: number;
  /** Callers who may wait. Default 50. */
  readonly queue?: number;
}

export class Passwords {
  readonly #parallel: number;
  readonly #queue: number;
  #active = 0;
  readonly #waiting: (() => void)[] = [];
  #hasGivenWay = false;
  /** Compared with when there is no such person, so that both answers cost the same. */
  #nobody: Promise<string> | undefined;

  constructor({ parallel = 2, queue = 50 }: PasswordOptions = {}) {
    this.#parallel = parallel;
    this.#queue = queue;
  }

  /** Why this may not become somebody's password, as a sentence; undefined: it may. Code `password_too_weak`. */
  tooWeak(password: string, context: WeaknessContext): string | undefined {
    if (!usable(password)) return `A password has at most ${longest.toLocaleString('en')} bytes.`;
    return tooWeak(password, context);
  }

  /** @throws SignInBusy; RangeError for what `tooWeak` refuses by its form. */
  async hash(password: string): Promise<string> {
    if (!usable(password)) throw new RangeError('not a usable password');
    const { hash } = await import('@node-rs/argon2');
    return this.#inTurn(() => hash(bytes(password), cost));
  }

  /**
   * `hash` undefined: there is no such person, or no password; false after the same work.
   * @throws SignInBusy
   */
  async verify(hash: string | undefined, password: string): Promise<boolean> {
    if (!usable(password)) return false;
    const { verify } = await import('@node-rs/argon2');
    this.#nobody ??= this.hash(randomBytes(32).toString('base64url'));
    let nobody: string;
    try {
      nobody = await this.#nobody;
    } catch (error) {
      this.#nobody = undefined;
      throw error;
    }
    const matches = await this.#inTurn(() => verify(hash ?? nobody, bytes(password)));
    return matches && hash !== undefined;
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#active >= this.#parallel) {
      if (this.#waiting.length >= this.#queue) throw new SignInBusy('too many sign-ins at once');
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#active++;
    try {
      const hashing = work();
      // The pool is there once something was given to it.
      if (!this.#hasGivenWay) giveWay();
      this.#hasGivenWay = true;
      return await hashing;
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#active--;
    }
  }
}

/** A lone surrogate has no UTF-8 form: two such passwords would be the same bytes. */
const usable = (password: string): boolean =>
  Buffer.byteLength(password) <= longest && password.isWellFormed();

/** The same password typed on another keyboard has the same bytes (NIST SP 800-63B, 3.1.1.2). */
const bytes = (password: string): Buffer => Buffer.from(password.normalize('NFKC'));
