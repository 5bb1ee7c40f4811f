import { Injectable } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Claims, type Holder } from '#claims';
import {
  conflictWithNew,
  type Envelope,
  Execution,
  envelopeOf,
  idFrom,
  mayManage,
  type Outcome,
} from '#commands';
import { VerifiedDomains } from '#domains';
import { daysAfter, notFound, type Refusal, refuse } from '#kernel';
import { organization, refusalWhileEnding } from '#organizations';
import { isLiving, People } from '#users';
import { accountClosed } from './account.standing.ts';
import { type Account, account, type KnownAccount } from './account.ts';
import {
  ConfirmAccountAddition,
  DeclineAccountAddition,
  RequestAccountAddition,
} from './account-addition.commands.ts';
import { type AccountAddition, accountAddition, isPending } from './account-addition.ts';
import { AccountLimit } from './account-limit.ts';
import { mayAnswerAddition } from './account-rights.ts';

const alreadyPending = refuse(
  'conflict',
  'account_addition_already_pending',
  "This account has been asked for; its owner's answer is still pending.",
);
const alreadyThere = refuse(
  'conflict',
  'account_already_added',
  'The organization has this account already.',
);
const elsewhere = refuse(
  'conflict',
  'user_belongs_to_another_organization',
  'The owner belongs to another organization; a person can be in one at a time.',
);

/** How long an owner may think about it. */
export class AdditionDays {
  readonly days: number;
  constructor(days: number) {
    this.days = days;
  }
}

const additionAnswer = (state: AccountAddition): object => {
  if (state.status === 'unknown') return {};
  const { additionId, accountId, organizationId, kind, status, expiresAt } = state;
  return { additionId, accountId, organizationId, kind, status, expiresAt };
};

@Injectable()
@CommandHandler(RequestAccountAddition)
export class RequestAccountAdditionHandler implements ICommandHandler<RequestAccountAddition, Outcome> {
  readonly #execution: Execution;
  readonly #claims: Claims;
  readonly #people: People;
  readonly #domains: VerifiedDomains;
  readonly #days: AdditionDays;
  readonly #limit: AccountLimit;

  constructor(
    execution: Execution,
    claims: Claims,
    people: People,
    domains: VerifiedDomains,
    days: AdditionDays,
    limit: AccountLimit,
  ) {
    this.#execution = execution;
    this.#claims = claims;
    this.#people = people;
    this.#domains = domains;
    this.#days = days;
    this.#limit = limit;
  }

  async execute(command: RequestAccountAddition): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const { organizationId, accountId, kind } = command;
    const additionId = idFrom(envelope.commandId, 'add');
    const one = { decider: accountAddition, id: additionId, answer: additionAnswer };
    const refused =
      (await this.#execution.repeated(one, envelope)) ?? mayManage(envelope.principal, organizationId);
    if (refused) return refused;
    const { state: wanted } = await this.#execution.load(account, accountId);
    if (wanted.status === 'unknown') return notFound;
    const unfit =
      conflictWithNew(envelope) ??
      (await this.#unfit(command, wanted)) ??
      (await this.#claim(additionId, organizationId, accountId, envelope));
    if (unfit) return unfit;
    return this.#execution.run(
      {
        ...one,
        command: {
          type: 'RequestAccountAddition',
          additionId,
          accountId,
          organizationId,
          kind,
          ownerId: wanted.ownerId,
          name: kind === 'managed' ? wanted.name : '',
          requestedBy: envelope.principal.id,
          expiresAt: daysAfter(this.#execution.now(), this.#days.days),
        },
      },
      envelope,
    );
  }

  /** ACC-05: the owner of a managed one signed up through a domain of the organization. */
  async #unfit(
    { organizationId, kind }: RequestAccountAddition,
    wanted: KnownAccount,
  ): Promise<Refusal | undefined> {
    if (wanted.status === 'closed' || wanted.status === 'pending_closure') return accountClosed;
    const { organizationId: home, sharedWith, ownerId } = wanted;
    if (home === organizationId || (kind === 'independent' && sharedWith.includes(organizationId)))
      return alreadyThere;
    if (kind === 'independent') return undefined;
    const { state: owner } = await this.#people.load(ownerId);
    const domain = isLiving(owner) ? owner.domain : '';
    return (await this.#domains.refuses(organizationId, domain)) ?? this.#limit.refuses(organizationId);
  }

  async #claim(
    additionId: string,
    organizationId: string,
    accountId: string,
    envelope: Envelope,
  ): Promise<Refusal | undefined> {
    const refused = await this.#claims.reserve(
      `addition-${this.#people.hash(`${organizationId}/${accountId}`)}`,
      { holder: additionId, organizationId, judge: (holder) => this.#judge(holder) },
      envelope,
    );
    return refused?.code === 'claim_held' ? alreadyPending : refused;
  }

  async #judge(holder: string): Promise<Holder> {
    const { state } = await this.#execution.load(accountAddition, holder);
    if (state.status === 'unknown') return 'unknown';
    return isPending(state, this.#execution.now()) ? 'alive' : 'dead';
  }
}

/** The account that an addition is about, and whether this caller answers for it. */
@Injectable()
export class AdditionAnswers {
  readonly #execution: Execution;

  constructor(execution: Execution) {
    this.#execution = execution;
  }

  async for(
    additionId: string,
    { principal }: Pick<Envelope, 'principal'>,
  ): Promise<{ addition: AccountAddition; account: Account; refused: Refusal | undefined }> {
    const { state: addition } = await this.#execution.load(accountAddition, additionId);
    const accountId = addition.status === 'unknown' ? '' : addition.accountId;
    const { state } = await this.#execution.load(account, accountId);
    return { addition, account: state, refused: mayAnswerAddition(principal, state) };
  }
}

@Injectable()
@CommandHandler(ConfirmAccountAddition)
export class ConfirmAccountAdditionHandler implements ICommandHandler<ConfirmAccountAddition, Outcome> {
  readonly #execution: Execution;
  readonly #answers: AdditionAnswers;
  readonly #people: People;
  readonly #domains: VerifiedDomains;
  readonly #limit: AccountLimit;

  constructor(
    execution: Execution,
    answers: AdditionAnswers,
    people: People,
    domains: VerifiedDomains,
    limit: AccountLimit,
  ) {
    this.#execution = execution;
    this.#answers = answers;
    this.#people = people;
    this.#domains = domains;
    this.#limit = limit;
  }

  async execute(command: ConfirmAccountAddition): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const { additionId } = command;
    const { addition, account: wanted, refused } = await this.#answers.for(additionId, envelope);
    if (refused || addition.status === 'unknown' || wanted.status === 'unknown') return refused ?? notFound;
    const unfit = addition.status === 'pending' ? await this.#unfit(addition, wanted) : undefined;
    if (unfit) return unfit;
    return this.#execution.run(
      {
        decider: accountAddition,
        id: additionId,
        command: { type: 'ConfirmAccountAddition', ownerId: wanted.ownerId },
        answer: additionAnswer,
      },
      envelope,
    );
  }

  async #unfit(
    { organizationId, kind }: Exclude<AccountAddition, { status: 'unknown' }>,
    wanted: KnownAccount,
  ): Promise<Refusal | undefined> {
    if (wanted.status === 'closed' || wanted.status === 'pending_closure') return accountClosed;
    const { state: asking } = await this.#execution.load(organization, organizationId);
    const ending = refusalWhileEnding(asking);
    if (ending || kind === 'independent') return ending;
    const { state: owner } = await this.#people.load(wanted.ownerId);
    if (!isLiving(owner)) return notFound;
    const home = owner.membership?.organizationId ?? owner.founded;
    if (home !== null && home !== organizationId) return elsewhere;
    return (await this.#domains.refuses(organizationId, owner.domain)) ?? this.#limit.refuses(organizationId);
  }
}

@Injectable()
@CommandHandler(DeclineAccountAddition)
export class DeclineAccountAdditionHandler implements ICommandHandler<DeclineAccountAddition, Outcome> {
  readonly #execution: Execution;
  readonly #answers: AdditionAnswers;

  constructor(execution: Execution, answers: AdditionAnswers) {
    this.#execution = execution;
    this.#answers = answers;
  }

  async execute(command: DeclineAccountAddition): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const { additionId } = command;
    const { refused } = await this.#answers.for(additionId, envelope);
    if (refused) return refused;
    return this.#execution.run(
      {
        decider: accountAddition,
        id: additionId,
        command: { type: 'DeclineAccountAddition' },
        answer: additionAnswer,
      },
      envelope,
    );
  }
}
