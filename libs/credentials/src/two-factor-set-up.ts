import { Injectable } from '@nestjs/common';
import { encodeQR } from 'qr';
import { isoTime } from '#clock';
import { notFound, type Refusal, refuse } from '#kernel';
import { base32, otpauthUri, TwoFactors } from '#sign-in';
import { People } from '#users';
import { passwordWrong } from './credential.ts';
import { OwnPassword } from './own-password.ts';
import { SecondFactorRequirement } from './second-factor-requirement.ts';
import { SentCodes } from './sent-codes.ts';

const smsUnavailable = refuse('invalid', 'sms_unavailable', 'No service for text messages is configured.');

/** SEC-05: what comes before a code proves that a person holds their second factor. */
@Injectable()
export class TwoFactorSetUp {
  readonly #people: People;
  readonly #factors: TwoFactors;
  readonly #codes: SentCodes;
  readonly #requirement: SecondFactorRequirement;
  readonly #own: OwnPassword;

  constructor(
    people: People,
    factors: TwoFactors,
    codes: SentCodes,
    requirement: SecondFactorRequirement,
    own: OwnPassword,
  ) {
    this.#people = people;
    this.#factors = factors;
    this.#codes = codes;
    this.#requirement = requirement;
    this.#own = own;
  }

  /** What a person has, and what is asked of them. */
  async of(userId: string): Promise<object | Refusal> {
    const { state } = await this.#people.load(userId);
    if (state.status !== 'active') return notFound;
    const factor = await this.#factors.find(userId);
    const number = factor && (await this.#factors.numberOf(factor));
    return {
      method: factor?.method ?? null,
      number: number === undefined ? null : `${'•'.repeat(number.length - 3)}${number.slice(-3)}`,
      enrolledAt: factor ? isoTime(factor.enrolledAt) : null,
      recoveryCodesLeft: factor?.recovery.length ?? 0,
      required: await this.#requirement.appliesTo(state),
    };
  }

  /** A session alone does not put another second factor in the place of one that is on. */
  async refuses(
    userId: string,
    currentPassword: string | undefined,
    sourceIp: string | null,
  ): Promise<Refusal | undefined> {
    if (!(await this.#factors.find(userId))) return undefined;
    const { state } = await this.#people.load(userId);
    if (state.status !== 'active') return notFound;
    const proved =
      currentPassword !== undefined && (await this.#own.isKnown(state, currentPassword, sourceIp));
    return proved ? undefined : passwordWrong;
  }

  async withAuthenticator(userId: string): Promise<object | Refusal> {
    const { state } = await this.#people.load(userId);
    if (state.status !== 'active') return notFound;
    const { factorId, until } = await this.#factors.begin(userId, 'totp', null);
    const secret = this.#factors.secretOf(userId, factorId);
    const uri = otpauthUri(secret, state.email);
    return {
      method: 'totp',
      secret: base32(secret),
      otpauthUri: uri,
      qrSvg: encodeQR(uri, 'svg'),
      expiresAt: isoTime(until),
    };
  }

  async withTelephone(userId: string, number: string): Promise<object | Refusal> {
    if (!this.#codes.available) return smsUnavailable;
    const { code, until } = await this.#factors.begin(userId, 'sms', number);
    if (code !== null) await this.#codes.forEnrolment(userId, number, code);
    return { method: 'sms', number, expiresAt: isoTime(until) };
  }
}
