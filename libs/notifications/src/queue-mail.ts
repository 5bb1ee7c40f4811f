import { Injectable } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type Commands, Execution, envelopeOf, OrgledgerCommand, type Outcome, systemOnly } from '#commands';
import { invitation, invitationDelivery, ReportInvitationMail } from '#invitations';
import { type MailOutcome, Outbox, type QueuedMail } from '#mail';

/** The product's own: somebody must be written to because of an event. */
export class QueueMail extends OrgledgerCommand {
  mailId!: string;
  kind!: string;
  stream!: string;
  eventId!: string;
  generation!: number;
}

/** Wakes whoever sends; set where a sender runs in this process. */
export class MailBell {
  ring: () => void = () => {};
}

@Injectable()
@CommandHandler(QueueMail)
export class QueueMailHandler implements ICommandHandler<QueueMail, Outcome> {
  readonly #execution: Execution;
  readonly #outbox: Outbox;
  readonly #bell: MailBell;

  constructor(execution: Execution, outbox: Outbox, bell: MailBell) {
    this.#execution = execution;
    this.#outbox = outbox;
    this.#bell = bell;
  }

  async execute(command: QueueMail): Promise<Outcome> {
    const refused = systemOnly(envelopeOf(command).principal);
    if (refused) return refused;
    const { mailId, kind, stream, eventId, generation } = command;
    if (kind === 'invitation' && (await this.#reported(stream, generation))) return { done: true };
    await this.#outbox.enqueue([
      { _id: mailId, kind, event: { stream, revision: 0, id: eventId }, references: { generation } },
    ]);
    this.#bell.ring();
    return { done: true };
  }

  /** A mail whose delivery the log knows is not queued again when an event is seen a second time. */
  async #reported(stream: string, generation: number): Promise<boolean> {
    const { state } = await this.#execution.load(invitationDelivery, stream.slice(stream.indexOf('-') + 1));
    return state.generation >= generation && state.delivery !== 'deferred';
  }
}

/** Tells the log what became of a mail; at least once, with an id that makes repetition harmless. */
export const reportMail =
  (commands: Commands, execution: Execution) =>
  async ({ _id, kind, event, references }: QueuedMail, delivery: MailOutcome | 'deferred'): Promise<void> => {
    if (kind !== 'invitation') return;
    const invitationId = event.stream.slice(event.stream.indexOf('-') + 1);
    const { state } = await execution.load(invitation, invitationId);
    if (state.status === 'unknown') return;
    const { organizationId, userId } = state;
    const report = Object.assign(new ReportInvitationMail(), {
      invitationId,
      organizationId,
      userId,
      generation: Number(references?.generation),
      delivery,
    });
    await commands.issue(report, `mail/${_id}/${delivery}`);
  };
