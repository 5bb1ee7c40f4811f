import { randomBytes } from 'node:crypto';
import { Hashing } from './hashing.ts';
import { tooWeak, type WeaknessContext } from './weak-passwords.ts';

/** More sign-ins at once than are let in: 503 with `Retry-After`. */
export class SignInBusy extends Error {
  override readonly name = 'SignInBusy';
}

const longest = 1_024;

/** Of those who wait, so many are handed on already: hashing need not wait for the next while an answer is on its way. */
const AHEAD = 6;

export interface PasswordOptions {
  /** Hashes computed at once. Default 2. */
  readonly parallel?: number;
  /** Callers who may wait. Default 50. */
  readonly queue?: number;
}

export class Passwords {
  readonly #parallel: number;
  readonly #queue: number;
  readonly #hashing: Hashing;
  #active = 0;
  readonly #waiting: (() => void)[] = [];
  /** Compared with when there is no such person, so that both answers cost the same. */
  #nobody: Promise<string> | undefined;

  constructor({ parallel = 2, queue = 50 }: PasswordOptions = {}) {
    this.#parallel = parallel;
    this.#queue = queue;
    this.#hashing = new Hashing(parallel);
  }

  /** Why this may not become somebody's password, as a sentence; undefined: it may. Code `password_too_weak`. */
  tooWeak(password: string, context: WeaknessContext): string | undefined {
    if (!usable(password)) return `A password has at most ${longest.toLocaleString('en')} bytes.`;
    return tooWeak(password, context);
  }

  /** @throws SignInBusy; RangeError for what `tooWeak` refuses by its form. */
  async hash(password: string): Promise<string> {
    if (!usable(password)) throw new RangeError('not a usable password');
    return this.#inTurn(() => this.#hashing.hash(bytes(password)));
  }

  /**
   * `hash` undefined: there is no such person, or no password; false after the same work.
   * @throws SignInBusy
   */
  async verify(hash: string | undefined, password: string): Promise<boolean> {
    if (!usable(password)) return false;
    this.#nobody ??= this.hash(randomBytes(32).toString('base64url'));
    let nobody: string;
    try {
      nobody = await this.#nobody;
    } catch (error) {
      this.#nobody = undefined;
      throw error;
    }
    const matches = await this.#inTurn(() => this.#hashing.verify(hash ?? nobody, bytes(password)));
    return matches && hash !== undefined;
  }

  onModuleDestroy(): void {
    this.#hashing.close();
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const ahead = Math.min(AHEAD, this.#queue);
    if (this.#active >= this.#parallel + ahead) {
      if (this.#waiting.length >= this.#queue - ahead) throw new SignInBusy('too many sign-ins at once');
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#active++;
    try {
      return await work();
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
