import { Injectable } from '@nestjs/common';
import { Execution, type Outcome } from '#commands';
import { isRefusal } from '#kernel';
import { Credentials, Sessions, TwoFactors, waitingPassword } from '#sign-in';
import { credential } from './credential.ts';

/**
 * Brings what the log says of credentials to the stores that hold them. Handlers call it right after the event, so
 * that the answer is true already; policies call it again, in case the process died between the two.
 */
@Injectable()
export class CredentialKeeper {
  readonly #execution: Execution;
  readonly #credentials: Credentials;
  readonly #sessions: Sessions;
  readonly #factors: TwoFactors;

  constructor(execution: Execution, credentials: Credentials, sessions: Sessions, factors: TwoFactors) {
    this.#execution = execution;
    this.#credentials = credentials;
    this.#sessions = sessions;
    this.#factors = factors;
  }

  /** After the command that brought a password: adopts it, or forgets it when the command has lost. */
  async settle(userId: string, commandId: string, outcome: Outcome): Promise<Outcome> {
    if (isRefusal(outcome)) await this.#credentials.remove(waitingPassword(commandId));
    else if ('changedAt' in outcome) await this.adoptPassword(userId, commandId, String(outcome.changedAt));
    return outcome;
  }

  /** The other sessions end before the password stops waiting: whoever comes again ends them again. */
  async adoptPassword(userId: string, from: string, at?: string): Promise<void> {
    const waiting = await this.#credentials.waiting(from);
    if (!waiting) return;
    await this.#credentials.adopt(userId, waiting, at);
    await this.#sessions.revokeAll(userId, { except: waiting.keeps });
    await this.#credentials.remove(waitingPassword(from));
  }

  async forgetPassword(userId: string, at: string): Promise<void> {
    await this.#credentials.forget(userId, at);
    await this.#sessions.revokeAll(userId);
  }

  /**
   * Brings the second factor to what the log says. What the store holds is read first: if the log, read later, does
   * not name it, it is gone for good.
   */
  async followTwoFactor(userId: string, sessionId?: string): Promise<void> {
    const held = await this.#factors.find(userId);
    const { state } = await this.#execution.load(credential, userId);
    const { twoFactor } = state;
    if (held && held.factorId !== twoFactor?.factorId) await this.#factors.remove(userId, held.factorId);
    if (!twoFactor) return;
    const { factorId, batch } = twoFactor;
    if (held?.factorId !== factorId) {
      await this.#sessions.proved(userId, sessionId);
      await this.#factors.adopt(userId, factorId);
    }
    await this.#factors.renewRecoveryCodes(userId, factorId, batch);
  }
}
