import { Injectable } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type Commands, envelopeOf, OrgledgerCommand, type Outcome, systemOnly } from '#commands';
import { type MailOutcome, Outbox, type OutboxEntry, type QueuedMail } from '#mail';
import { LogHead } from '#queries';
import { ReadModels } from '#read-models';
import { MailKinds } from './mail-kinds.ts';

/** The product's own: somebody must be written to because of an event. */
export class QueueMail extends OrgledgerCommand {
  /** The same id is the same mail. */
  mailId!: string;
  kind!: string;
  stream!: string;
  eventId!: string;
  /** Ids and numbers only: who and what they stand for is looked up when it is sent. */
  references!: NonNullable<OutboxEntry['references']>;
}

/** The same to everybody who manages the organization; each mail also refers to its `userId`. */
export class QueueMailToManagers extends OrgledgerCommand {
  organizationId!: string;
  mailId!: string;
  kind!: string;
  stream!: string;
  eventId!: string;
  references!: NonNullable<OutboxEntry['references']>;
}

/** Whoever sends; set where a sender runs in this process. */
export class MailBell {
  ring: () => void = () => {};
  /** Resolves when nothing is left that could be sent now. */
  idle: () => Promise<void> = async () => {};
}

const entryOf = ({
  mailId,
  kind,
  stream,
  eventId,
  references,
}: QueueMail | QueueMailToManagers): OutboxEntry => ({
  _id: mailId,
  kind,
  event: { stream, revision: 0, id: eventId },
  references,
});

@Injectable()
@CommandHandler(QueueMail)
export class QueueMailHandler implements ICommandHandler<QueueMail, Outcome> {
  readonly #kinds: MailKinds;
  readonly #outbox: Outbox;
  readonly #bell: MailBell;

  constructor(kinds: MailKinds, outbox: Outbox, bell: MailBell) {
    this.#kinds = kinds;
    this.#outbox = outbox;
    this.#bell = bell;
  }

  async execute(command: QueueMail): Promise<Outcome> {
    const refused = systemOnly(envelopeOf(command).principal);
    if (refused) return refused;
    const entry = entryOf(command);
    if (await this.#kinds.isReported(entry)) return { done: true };
    await this.#outbox.enqueue([entry]);
    this.#bell.ring();
    return { done: true };
  }
}

@Injectable()
@CommandHandler(QueueMailToManagers)
export class QueueMailToManagersHandler implements ICommandHandler<QueueMailToManagers, Outcome> {
  readonly #readModels: ReadModels;
  readonly #log: LogHead;
  readonly #outbox: Outbox;
  readonly #bell: MailBell;

  constructor(readModels: ReadModels, log: LogHead, outbox: Outbox, bell: MailBell) {
    this.#readModels = readModels;
    this.#log = log;
    this.#outbox = outbox;
    this.#bell = bell;
  }

  async execute(command: QueueMailToManagers): Promise<Outcome> {
    const refused = systemOnly(envelopeOf(command).principal);
    if (refused) return refused;
    const entry = entryOf(command);
    await this.#readModels.reach(await this.#log.head(), ['users']);
    const where = {
      organizationId: command.organizationId,
      kind: 'managed',
      role: { in: ['owner', 'administrator'] },
      status: 'active',
    };
    for await (const managers of this.#readModels.pages<{ userId: string }>('users', { where, by: 'name' })) {
      const mails = managers.map(({ userId }) => ({
        ...entry,
        _id: `${entry._id}.${userId}`,
        references: { ...entry.references, userId },
      }));
      await this.#outbox.enqueue(mails);
    }
    this.#bell.ring();
    return { done: true };
  }
}

/** Tells the log what became of a mail; at least once, with an id that makes repetition harmless. */
export const reportMail =
  (commands: Commands, kinds: MailKinds) =>
  async (entry: QueuedMail, delivery: MailOutcome | 'deferred'): Promise<void> => {
    const report = await kinds.reportOf(entry, delivery);
    if (report) await commands.issue(report, `mail/${entry._id}/${delivery}`, entry.event.id);
  };
