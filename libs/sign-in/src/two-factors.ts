import { createHmac, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';
import type { Clock } from '#clock';
import type { IndexSpec } from '#kernel';
import type { Collection, DocumentStore } from '#read-models';
import type { MasterKey, PersonalSeal } from '#tokens';
import { RecoveryCodes } from './recovery-codes.ts';
import { stepAt, totp } from './totp.ts';

export type TwoFactorMethod = 'totp' | 'sms';

/** A person's second factor. The secret of an authenticator is derived and stands nowhere. */
export interface TwoFactor {
  /** The user's id. */
  readonly _id: string;
  readonly factorId: string;
  readonly method: TwoFactorMethod;
  /** Sealed. */
  readonly number: string | null;
  /** Newest step whose code was taken: it and those before it never count again (RFC 6238, 5.2). */
  readonly lastStep: number;
  /** Hashes of the recovery codes that are left. */
  readonly recovery: readonly string[];
  readonly batch: number;
  readonly enrolledAt: number;
  readonly version: number;
}

/** A second factor that is being set up. */
interface Enrolment {
  /** The user's id. */
  readonly _id: string;
  readonly factorId: string;
  readonly method: TwoFactorMethod;
  readonly number: string | null;
  /** Of the code that was sent; null with an authenticator. */
  readonly codeHash: string | null;
  readonly lastStep: number;
  readonly triesLeft: number;
  readonly until: number;
  readonly version: number;
}

export const enrolmentIndexes: readonly IndexSpec[] = [{ until: 1 }];

export const triesPerCode = 5;
export const codeWorksFor = 10 * 60_000;
/** How long a proved enrolment waits for the command that brought it. */
const proofWorksFor = 30 * 24 * 3_600_000;

export class TwoFactors {
  readonly #factors: Collection<TwoFactor>;
  readonly #enrolments: Collection<Enrolment>;
  readonly #secrets: Buffer;
  readonly #codes: Buffer;
  readonly #seal: PersonalSeal;
  readonly #clock: Clock;
  readonly recovery: RecoveryCodes;

  constructor(
    store: Pick<DocumentStore, 'collection'>,
    master: Pick<MasterKey, 'derive'>,
    seal: PersonalSeal,
    clock: Clock,
  ) {
    this.#factors = store.collection<TwoFactor>('two-factors');
    this.#enrolments = store.collection<Enrolment>('two-factor-enrolments');
    this.#secrets = master.derive('totp-secrets');
    this.#codes = master.derive('sent-codes');
    this.#seal = seal;
    this.#clock = clock;
    this.recovery = new RecoveryCodes(master);
  }

  async find(userId: string): Promise<TwoFactor | undefined> {
    return (await this.#factors.findOne({ _id: userId })) ?? undefined;
  }

  /** Where codes of this factor are sent to; undefined where none are, or nobody can know it any more. */
  async numberOf({ _id, factorId, number }: TwoFactor): Promise<string | undefined> {
    return number === null ? undefined : this.#seal.open(_id, factorId, number);
  }

  secretOf(userId: string, factorId: string): Buffer {
    return createHmac('sha256', this.#secrets).update(`${userId}\0${factorId}`).digest().subarray(0, 20);
  }

  /** Begins anew: what was begun before counts no more. `code`: to be sent to the number. */
  async begin(
    userId: string,
    method: TwoFactorMethod,
    number: string | null,
  ): Promise<{ readonly factorId: string; readonly code: string | null; readonly until: number }> {
    const factorId = `2fa_${randomBytes(16).toString('hex')}`;
    const code = method === 'sms' ? newCode() : null;
    const until = this.#clock.now() + codeWorksFor;
    const sealed = number === null ? null : ((await this.#seal.seal(userId, factorId, number)) ?? null);
    await this.#enrolments.replaceOne(
      { _id: userId },
      {
        factorId,
        method,
        number: sealed,
        codeHash: code === null ? null : this.codeHash(factorId, code),
        lastStep: 0,
        triesLeft: triesPerCode,
        until,
        version: 0,
      },
      { upsert: true },
    );
    return { factorId, code, until };
  }

  async isBeingSetUp(userId: string): Promise<boolean> {
    return (await this.#begun(userId)) !== undefined;
  }

  async #begun(userId: string): Promise<Enrolment | undefined> {
    const begun = await this.#enrolments.findOne({ _id: userId });
    return begun && begun.triesLeft > 0 && this.#clock.now() < begun.until ? begun : undefined;
  }

  /** What is being set up, when this code proves that the person holds it. Five tries. */
  async prove(
    userId: string,
    code: string,
    { dryRun = false }: { readonly dryRun?: boolean } = {},
  ): Promise<{ readonly factorId: string; readonly method: TwoFactorMethod } | undefined> {
    const begun = await this.#begun(userId);
    if (!begun) return undefined;
    const { factorId, method, version, triesLeft } = begun;
    const step = this.#step(userId, begun, code);
    const right =
      method === 'sms' ? matches(begun.codeHash, this.codeHash(factorId, code)) : step !== undefined;
    if (right && dryRun) return { factorId, method };
    const { matchedCount } = await this.#enrolments.updateOne(
      { _id: userId, version },
      right
        ? { $set: { lastStep: step ?? 0, until: this.#clock.now() + proofWorksFor, version: version + 1 } }
        : { $set: { triesLeft: triesLeft - 1, version: version + 1 } },
    );
    return right && matchedCount === 1 ? { factorId, method } : undefined;
  }

  /** What was proved becomes the person's; a second time nothing changes. */
  async adopt(userId: string, factorId: string): Promise<void> {
    const proved = await this.#enrolments.findOne({ _id: userId });
    if (proved?.factorId !== factorId) return;
    const { method, number, lastStep } = proved;
    await this.#factors.replaceOne(
      { _id: userId },
      {
        factorId,
        method,
        number,
        lastStep,
        recovery: this.recovery.hashes(factorId, 1),
        batch: 1,
        enrolledAt: this.#clock.now(),
        version: 0,
      },
      { upsert: true },
    );
    await this.#enrolments.deleteOne({ _id: userId });
  }

  /** Another ten recovery codes; those of earlier batches count no more. */
  async renewRecoveryCodes(userId: string, factorId: string, batch: number): Promise<void> {
    await this.#factors.updateOne(
      { _id: userId, factorId, batch: { $lt: batch } },
      { $set: { recovery: this.recovery.hashes(factorId, batch), batch }, $inc: { version: 1 } },
    );
  }

  /** `factorId`: only if it is still this one. */
  async remove(userId: string, factorId?: string): Promise<void> {
    await this.#factors.deleteOne({ _id: userId, ...(factorId !== undefined && { factorId }) });
    if (factorId === undefined) await this.#enrolments.deleteOne({ _id: userId });
  }

  /** Takes a code of the authenticator or a recovery code, each once; undefined: it was neither. */
  async take(userId: string, code: string): Promise<'totp' | 'recovery_code' | undefined> {
    const factor = await this.find(userId);
    if (!factor) return undefined;
    const { version, factorId } = factor;
    const step = factor.method === 'totp' ? this.#step(userId, factor, code) : undefined;
    const recovery = this.recovery.hash(factorId, code);
    const left = factor.recovery.filter((hash) => !matches(hash, recovery));
    const taken =
      step !== undefined
        ? { lastStep: step }
        : left.length < factor.recovery.length
          ? { recovery: left }
          : undefined;
    if (!taken) return undefined;
    const { matchedCount } = await this.#factors.updateOne(
      { _id: userId, version },
      { $set: { ...taken, version: version + 1 } },
    );
    if (matchedCount !== 1) return undefined;
    return step === undefined ? 'recovery_code' : 'totp';
  }

  /** The step whose code this is: the present one or a neighbour, and newer than the newest that was taken. */
  #step(
    userId: string,
    { factorId, lastStep }: Pick<TwoFactor, 'factorId' | 'lastStep'>,
    code: string,
  ): number | undefined {
    const secret = this.secretOf(userId, factorId);
    const now = stepAt(this.#clock.now());
    return [now, now - 1, now + 1].find(
      (step) => step > lastStep && matches(totp(secret, step), code.trim()),
    );
  }

  /** As a sent code is kept; `boundTo`: what it is for. */
  codeHash(boundTo: string, code: string): string {
    return createHmac('sha256', this.#codes).update(`${boundTo}\0${code.trim()}`).digest('base64url');
  }

  async removeExpired(): Promise<number> {
    return (await this.#enrolments.deleteMany({ until: { $lte: this.#clock.now() } })).deletedCount;
  }
}

/** Six digits, as people type them. */
export const newCode = (): string => String(randomInt(1_000_000)).padStart(6, '0');

export const matches = (kept: string | null | undefined, given: string | undefined): boolean => {
  if (kept === null || kept === undefined || given === undefined) return false;
  const [a, b] = [Buffer.from(kept), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
};
