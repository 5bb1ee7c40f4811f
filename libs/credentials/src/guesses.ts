import { RateLimited } from '#http';
import type { GuessLimits, RateLimit } from '#sign-in';

/** Tries at what somebody keeps secret, each counted before it is judged; without limits where they are off. */
export class Guesses {
  readonly limits: GuessLimits | undefined;

  constructor(limits: GuessLimits | undefined) {
    this.limits = limits;
  }

  /**
   * What `work` answers; undefined from it is a wrong guess, which stays counted. A right one stays counted too until
   * `succeeded` or `released`. What fails for another reason was no guess.
   * @throws RateLimited
   */
  async attempt<T>(
    person: string | undefined,
    source: string,
    work: () => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const check = await this.limits?.check(person, source);
    if (check && !check.allowed)
      throw new RateLimited(check.retryAfterSeconds, 'Too many failed tries; try again later.');
    try {
      return await work();
    } catch (error) {
      await this.released(person, source);
      throw error;
    }
  }

  async succeeded(person: string, source: string): Promise<void> {
    await this.limits?.succeeded(person, source);
  }

  async released(person: string | undefined, source: string): Promise<void> {
    await this.limits?.released(person, source);
  }

  /** After a reset by mail: the person may try again from everywhere. */
  async forgotten(person: string): Promise<void> {
    await this.limits?.reset(person);
  }
}

/** How often somebody may ask for what costs others something; absent where rate limits are off. */
export class CredentialRates {
  readonly resets: RateLimit | undefined;
  readonly mails: RateLimit | undefined;
  readonly texts: RateLimit | undefined;

  constructor(resets?: RateLimit, mails?: RateLimit, texts?: RateLimit) {
    this.resets = resets;
    this.mails = mails;
    this.texts = texts;
  }
}
