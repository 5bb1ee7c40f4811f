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
    for await (const invitationId of this.#pending(where)) {
      const outcome = await this.#execution.run(
        { decider: invitation, id: invitationId, command: { type: 'CancelInvite', reason } },
        { ...envelope, commandId: `${envelope.commandId}/${invitationId}` },
      );
      if (!isRefusal(outcome)) last = outcome;
    }
    return last;
  }

  async *#pending(where: ListRequest['where']): AsyncIterable<string> {
    let after: readonly [string | number | boolean | null, string] | undefined;
    do {
      const page = await this.#readModels.list<{ invitationId: string }>('invitations', {
        where: { ...where, status: 'pending' },
        sort: { field: 'email', direction: 1 },
        limit: 200,
        after,
        totals: false,
      });
      for (const { invitationId } of page.items) yield invitationId;
      after = page.next ?? undefined;
    } while (after);
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
