import type { FollowOn } from '#kernel';
import type { Mail, MailDesk, MailKind, MailOutcome, OutboxEntry, QueuedMail } from '#mail';

/** Every kind of mail that the nouns bring. */
export class MailKinds {
  readonly #kinds: ReadonlyMap<string, MailKind>;
  readonly #desk: MailDesk;

  constructor(kinds: readonly MailKind[], desk: MailDesk) {
    this.#kinds = new Map(kinds.map((kind) => [kind.kind, kind]));
    this.#desk = desk;
  }

  /** Undefined when nobody needs it any more. */
  async compose(entry: QueuedMail): Promise<Mail | undefined> {
    const written = await this.#of(entry).compose(entry, this.#desk);
    return written && { id: entry._id, kind: entry.kind, ...written };
  }

  async isReported(entry: OutboxEntry): Promise<boolean> {
    return (await this.#of(entry).isReported?.(entry, this.#desk)) ?? false;
  }

  async reportOf(
    entry: QueuedMail,
    delivery: MailOutcome | 'deferred',
  ): Promise<Pick<FollowOn, 'command' | 'fields'> | undefined> {
    return this.#of(entry).report?.(entry, delivery, this.#desk);
  }

  #of({ kind }: OutboxEntry): MailKind {
    const found = this.#kinds.get(kind);
    if (!found) throw new Error(`no noun brings the mail ${kind}`);
    return found;
  }
}
