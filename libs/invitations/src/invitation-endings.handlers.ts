import { Injectable } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type Envelope, Execution, envelopeOf, type Outcome, systemOnly } from '#commands';
import { isRefusal } from '#kernel';
import { LogHead } from '#queries';
import { type ListRequest, ReadModels } from '#read-models';
import { CancelInvitationsOfAccount, CancelInvitationsOfDomain } from './invitation.commands.ts';
import { invitation } from './invitation.ts';

/** Cancels what is pending and can no longer come true. */
@Injectable()
export class PendingInvitations {
  readonly #execution: Execution;
  readonly #readModels: ReadModels;
  readonly #log: LogHead;

  constructor(execution: Execution, readModels: ReadModels, log: LogHead) {
    this.#execution = execution;
    this.#readModels = readModels;
    this.#log = log;
  }

  async cancel(
    where: ListRequest['where'],
    reason: 'domain_deleted' | 'account_closed',
    envelope: Envelope,
  ): Promise<Outcome> {
    const refused = systemOnly(envelope.principal);
    if (refused) return refused;
    await this.#readModels.reach(await this.#log.head(), ['invitations']);
    let last: Outcome = { done: true };
    const pending = this.#readModels.every<{ invitationId: string }>('invitations', {
      where: { ...where, status: 'pending' },
      by: 'email',
    });
    for await (const { invitationId } of pending) {
      const outcome = await this.#execution.run(
        { decider: invitation, id: invitationId, command: { type: 'CancelInvite', reason } },
        { ...envelope, commandId: `${envelope.commandId}/${invitationId}` },
      );
      if (!isRefusal(outcome)) last = outcome;
    }
    return last;
  }
}

/** AMB-12, DOM-16: the domain is gone, and with it what invites to the organization from it. */
@Injectable()
@CommandHandler(CancelInvitationsOfDomain)
export class CancelInvitationsOfDomainHandler implements ICommandHandler<CancelInvitationsOfDomain, Outcome> {
  readonly #pending: PendingInvitations;

  constructor(pending: PendingInvitations) {
    this.#pending = pending;
  }

  execute(command: CancelInvitationsOfDomain): Promise<Outcome> {
    const { organizationId: sentFrom, domain, before } = command;
    const where = { sentFrom, domain, sentAt: { upTo: before } };
    return this.#pending.cancel(where, 'domain_deleted', envelopeOf(command));
  }
}

/** ACK-04. */
@Injectable()
@CommandHandler(CancelInvitationsOfAccount)
export class CancelInvitationsOfAccountHandler
  implements ICommandHandler<CancelInvitationsOfAccount, Outcome>
{
  readonly #pending: PendingInvitations;

  constructor(pending: PendingInvitations) {
    this.#pending = pending;
  }

  execute(command: CancelInvitationsOfAccount): Promise<Outcome> {
    return this.#pending.cancel({ sentFrom: command.accountId }, 'account_closed', envelopeOf(command));
  }
}
