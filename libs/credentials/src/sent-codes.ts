import { Injectable } from '@nestjs/common';
import { HttpProblem } from '#http';
import { Challenges, type TwoFactor, TwoFactors } from '#sign-in';
import { TextMessages } from '#text-messages';
import { takeOne } from '#users';
import { CredentialRates } from './guesses.ts';

const text = (code: string): string =>
  `Your Orgledger code is ${code}. It works for 10 minutes. Nobody from Orgledger will ever ask you for it.`;

/** Codes to telephones. */
@Injectable()
export class SentCodes {
  readonly #messages: TextMessages;
  readonly #challenges: Challenges;
  readonly #factors: TwoFactors;
  readonly #rates: CredentialRates;

  constructor(messages: TextMessages, challenges: Challenges, factors: TwoFactors, rates: CredentialRates) {
    this.#messages = messages;
    this.#challenges = challenges;
    this.#factors = factors;
    this.#rates = rates;
  }

  get available(): boolean {
    return this.#messages.available;
  }

  /** @throws RateLimited; HttpProblem 503 */
  async forSignIn(challengeId: string, factor: TwoFactor): Promise<void> {
    const number = await this.#factors.numberOf(factor);
    await takeOne(this.#rates.texts, factor._id);
    const code = await this.#challenges.newCode(challengeId);
    if (number !== undefined && code !== undefined) await this.#send(factor._id, number, code);
  }

  /** @throws RateLimited; HttpProblem 503 */
  async forEnrolment(userId: string, number: string, code: string): Promise<void> {
    await takeOne(this.#rates.texts, userId);
    await this.#send(userId, number, code);
  }

  async #send(userId: string, to: string, code: string): Promise<void> {
    try {
      await this.#messages.send({ to, text: text(code), userId });
    } catch {
      throw new HttpProblem(503, 'text_message_not_sent', 'The message could not be sent; try again.', {
        headers: { 'retry-after': '5' },
      });
    }
  }
}
