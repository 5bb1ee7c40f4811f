import { Injectable } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { conflictWith, Execution, envelopeOf, idFrom, type Outcome } from '#commands';
import { VerifiedDomains } from '#domains';
import { RateLimited, unauthenticated } from '#http';
import { daysAfter, type Refusal, refuse } from '#kernel';
import { organization } from '#organizations';
import { Credentials, Passwords, type RateLimit, waitingPassword } from '#sign-in';
import { LinkTokens } from '#tokens';
import { emailInvalid, emailTaken, People } from './people.ts';
import { linkInvalid } from './user.arrival.ts';
import { RequestEmailVerification, SignUp, VerifyEmail } from './user.commands.ts';
import { isLiving, type User, type UserCommand, user } from './user.ts';

const byInvitationOnly = refuse(
  'forbidden',
  'sign_up_by_invitation_only',
  'People with an address of this domain join by invitation of their organization.',
);

/** How often somebody may do what costs others something; absent where rate limits are off. */
export class Rates {
  readonly signUps: RateLimit | undefined;
  readonly mails: RateLimit | undefined;
  readonly invitations: RateLimit | undefined;

  constructor(
    signUps: RateLimit | undefined,
    mails: RateLimit | undefined,
    invitations: RateLimit | undefined,
  ) {
    this.signUps = signUps;
    this.mails = mails;
    this.invitations = invitations;
  }
}

/** @throws RateLimited */
export const takeOne = async (limit: RateLimit | undefined, key: string): Promise<void> => {
  const taken = await limit?.take(key);
  if (taken && !taken.allowed) throw new RateLimited(taken.retryAfterSeconds);
};

@Injectable()
@CommandHandler(SignUp)
export class SignUpHandler implements ICommandHandler<SignUp, Outcome> {
  readonly #execution: Execution;
  readonly #people: People;
  readonly #domains: VerifiedDomains;
  readonly #passwords: Passwords;
  readonly #credentials: Credentials;
  readonly #tokens: LinkTokens;
  readonly #rates: Rates;

  constructor(
    execution: Execution,
    people: People,
    domains: VerifiedDomains,
    passwords: Passwords,
    credentials: Credentials,
    tokens: LinkTokens,
    rates: Rates,
  ) {
    this.#execution = execution;
    this.#people = people;
    this.#domains = domains;
    this.#passwords = passwords;
    this.#credentials = credentials;
    this.#tokens = tokens;
    this.#rates = rates;
  }

  async execute(command: SignUp): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const { commandId } = envelope;
    const address = this.#people.address(command.email);
    if (!address) return emailInvalid;
    const { givenName, familyName, password } = command;
    const newId = idFrom(commandId, 'usr');
    const known = await this.#people.withAddress(address);
    const { traces, revision } = await this.#people.load(known?.userId ?? newId);
    const repeated = traces.has(commandId);
    if (!repeated) {
      const conflict = conflictWith(envelope, revision);
      if (conflict) return conflict;
      await takeOne(this.#rates.signUps, envelope.sourceIp ?? '');
      const weak = this.#passwords.tooWeak(password, {
        email: address.email,
        names: [givenName, familyName],
      });
      if (weak) return refuse('invalid', 'password_too_weak', weak);
    }
    const policy = await this.#policyOf(address.domain);
    if (!repeated && policy?.signUpPolicy === 'invite_only') return byInvitationOnly;
    if (known && known.status !== 'pending' && !repeated) return emailTaken;
    const joins = policy?.signUpPolicy === 'auto_join' ? policy.organizationId : null;
    const userId = known?.userId ?? newId;
    if (!repeated && !envelope.dryRun) {
      await this.#credentials.set(waitingPassword(commandId), await this.#passwords.hash(password));
    }
    const ours = { ...envelope, principal: { ...envelope.principal, type: 'user', id: userId } as const };
    const organizationId = idFrom(commandId, 'org');
    const taken = repeated
      ? undefined
      : await this.#people.claim(address, userId, joins ?? organizationId, ours);
    if (taken) {
      await this.#credentials.remove(waitingPassword(commandId));
      return emailTaken;
    }
    const accountId = idFrom(commandId, 'acc');
    return this.#execution.run(
      {
        decider: user,
        id: userId,
        command: {
          type: 'SignUp',
          userId,
          email: address.email,
          domain: address.domain,
          givenName,
          familyName,
          tokenHash: this.#tokens.hash(this.#tokens.issue('email_verification', userId, 1)),
          tokenExpiresAt: daysAfter(this.#execution.now(), 7),
          joinsAfterVerification: joins,
          founds:
            joins === null
              ? {
                  organizationId,
                  organizationName: command.organizationName ?? 'My organization',
                  accountId,
                  accountName: command.accountName ?? 'First account',
                }
              : null,
        },
        answer: (state) =>
          isLiving(state) && state.founded === null
            ? { userId, organizationId: null, accountId: null, joinsAfterVerification: true }
            : { userId, organizationId, accountId },
      },
      ours,
    );
  }

  /** DOM-20; AMB-30: who cannot prove a name any more lets nobody in by it. */
  async #policyOf(domain: string) {
    const owner = await this.#domains.ownerOf(domain);
    if (!owner) return undefined;
    const { state } = await this.#execution.load(organization, owner.organizationId);
    if (state.status !== 'open') return undefined;
    const { organizationId, signUpPolicy } = state;
    return signUpPolicy === 'auto_join' && owner.status !== 'verified'
      ? undefined
      : { organizationId, signUpPolicy };
  }
}

@Injectable()
@CommandHandler(VerifyEmail)
export class VerifyEmailHandler implements ICommandHandler<VerifyEmail, Outcome> {
  readonly #execution: Execution;
  readonly #tokens: LinkTokens;

  constructor(execution: Execution, tokens: LinkTokens) {
    this.#execution = execution;
    this.#tokens = tokens;
  }

  async execute(command: VerifyEmail): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const said = this.#tokens.read('email_verification', command.token);
    if (!said) return linkInvalid;
    const outcome = await this.#execution.run(
      {
        decider: user,
        id: said.id,
        command: (state: User): UserCommand | Refusal =>
          state.status === 'active' &&
          state.verification &&
          this.#tokens.matches(command.token, state.verification.tokenHash)
            ? { type: 'VerifyEmail', tokenHash: state.verification.tokenHash }
            : linkInvalid,
        answer: () => ({ userId: said.id, emailVerified: true }),
      },
      { ...envelope, principal: { ...envelope.principal, type: 'user', id: said.id } },
    );
    return outcome;
  }
}

@Injectable()
@CommandHandler(RequestEmailVerification)
export class RequestEmailVerificationHandler implements ICommandHandler<RequestEmailVerification, Outcome> {
  readonly #execution: Execution;
  readonly #tokens: LinkTokens;
  readonly #rates: Rates;

  constructor(execution: Execution, tokens: LinkTokens, rates: Rates) {
    this.#execution = execution;
    this.#tokens = tokens;
    this.#rates = rates;
  }

  async execute(command: RequestEmailVerification): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const { userId } = envelope.principal;
    if (!userId) throw unauthenticated();
    if (!envelope.dryRun) await takeOne(this.#rates.mails, userId);
    return this.#execution.run(
      {
        decider: user,
        id: userId,
        command: (state: User): UserCommand => ({
          type: 'RequestEmailVerification',
          tokenHash: this.#tokens.hash(
            this.#tokens.issue(
              'email_verification',
              userId,
              (state.status === 'active' ? (state.verification?.generation ?? 0) : 0) + 1,
            ),
          ),
          tokenExpiresAt: daysAfter(this.#execution.now(), 7),
        }),
      },
      envelope,
    );
  }
}
