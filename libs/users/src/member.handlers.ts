import { Injectable } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type Envelope, Execution, envelopeOf, type Outcome } from '#commands';
import { VerifiedDomains } from '#domains';
import { daysAfter, isRefusal, type Refusal } from '#kernel';
import { LinkTokens } from '#tokens';
import { Members, mayChangeMember } from './members.ts';
import { type Address, emailInvalid, emailTaken, People } from './people.ts';
import { ChangeEmail, ChangeOrganizationRole, DeactivateUser } from './user.commands.ts';
import type { Living, UserCommand } from './user.ts';

@Injectable()
@CommandHandler(ChangeOrganizationRole)
export class ChangeOrganizationRoleHandler implements ICommandHandler<ChangeOrganizationRole, Outcome> {
  readonly #members: Members;

  constructor(members: Members) {
    this.#members = members;
  }

  execute(command: ChangeOrganizationRole): Promise<Outcome> {
    const { role } = command;
    return this.#members.change(command, envelopeOf(command), (_state, ownerId) => ({
      type: 'ChangeOrganizationRole',
      role,
      ownerId,
    }));
  }
}

@Injectable()
@CommandHandler(DeactivateUser)
export class DeactivateUserHandler implements ICommandHandler<DeactivateUser, Outcome> {
  readonly #members: Members;

  constructor(members: Members) {
    this.#members = members;
  }

  execute(command: DeactivateUser): Promise<Outcome> {
    return this.#members.change(command, envelopeOf(command), (_state, ownerId) => ({
      type: 'DeactivateUser',
      ownerId,
    }));
  }
}

/** AMB-17: only to a verified domain of the organization; the new address has to be proved by a link. */
@Injectable()
@CommandHandler(ChangeEmail)
export class ChangeEmailHandler implements ICommandHandler<ChangeEmail, Outcome> {
  readonly #execution: Execution;
  readonly #members: Members;
  readonly #people: People;
  readonly #domains: VerifiedDomains;
  readonly #tokens: LinkTokens;

  constructor(
    execution: Execution,
    members: Members,
    people: People,
    domains: VerifiedDomains,
    tokens: LinkTokens,
  ) {
    this.#execution = execution;
    this.#members = members;
    this.#people = people;
    this.#domains = domains;
    this.#tokens = tokens;
  }

  async execute(command: ChangeEmail): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const { organizationId } = command;
    return this.#members.change(
      command,
      envelope,
      async (state) => {
        const address = this.#people.address(command.email);
        if (!address) return emailInvalid;
        const refused =
          address.email === state.email
            ? undefined
            : ((await this.#domains.refuses(organizationId, address.domain)) ??
              (await this.#claim(address, state, organizationId, envelope)));
        return refused ?? this.#changed(address, state);
      },
      mayChangeMember,
    );
  }

  async #claim(
    address: Address,
    { userId }: Living,
    organizationId: string,
    envelope: Envelope,
  ): Promise<Refusal | undefined> {
    const known = await this.#people.withAddress(address);
    if (known && known.userId !== userId) return emailTaken;
    const taken = await this.#people.claim(address, userId, organizationId, envelope, true);
    return isRefusal(taken) ? emailTaken : undefined;
  }

  #changed({ email, domain }: Address, { userId, verification }: Living): UserCommand {
    const generation = (verification?.generation ?? 0) + 1;
    return {
      type: 'ChangeEmail',
      email,
      domain,
      tokenHash: this.#tokens.hash(this.#tokens.issue('email_verification', userId, generation)),
      tokenExpiresAt: daysAfter(this.#execution.now(), 7),
    };
  }
}
