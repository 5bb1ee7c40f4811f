import { type Clock, isoTime } from '#clock';
import type { Collection, DocumentStore } from '#read-models';

export interface Credential {
  /** The user's id. */
  readonly _id: string;
  readonly hash: string;
  /** ISO 8601. */
  readonly changedAt: string;
  /** While it waits: the session in which it was changed, which does not end with the others. */
  readonly keeps?: string;
}

/** Where a password waits until the command that brought it has won. */
export const waitingPassword = (commandId: string): string => `waiting:${commandId}`;

/** One password hash per person, apart from the log. Nothing here: the person cannot sign in with a password. */
export class Credentials {
  readonly #credentials: Collection<Credential>;
  readonly #clock: Clock;

  constructor(store: Pick<DocumentStore, 'collection'>, clock: Clock) {
    this.#credentials = store.collection<Credential>('credentials');
    this.#clock = clock;
  }

  async find(userId: string): Promise<Credential | undefined> {
    return (await this.#credentials.findOne({ _id: userId })) ?? undefined;
  }

  async set(userId: string, hash: string): Promise<void> {
    const changedAt = isoTime(this.#clock.now());
    await this.#credentials.updateOne({ _id: userId }, { $set: { hash, changedAt } }, { upsert: true });
  }

  /** Puts a password where the outcome of its command finds it. */
  async wait(commandId: string, hash: string, keeps?: string): Promise<void> {
    const changedAt = isoTime(this.#clock.now());
    await this.#credentials.replaceOne(
      { _id: waitingPassword(commandId) },
      { hash, changedAt, ...(keeps !== undefined && { keeps }) },
      { upsert: true },
    );
  }

  async waiting(commandId: string): Promise<Credential | undefined> {
    return this.find(waitingPassword(commandId));
  }

  /** The command has won. `at`: when; a password of a later time stays. */
  async adopt(userId: string, { hash, changedAt }: Credential, at = changedAt): Promise<void> {
    const won = { hash, changedAt: at };
    const { matchedCount } = await this.#credentials.updateOne(
      { _id: userId, changedAt: { $lte: at } },
      { $set: won },
    );
    if (matchedCount === 0)
      await this.#credentials.updateOne({ _id: userId }, { $setOnInsert: won }, { upsert: true });
  }

  /** An administrator's reset: no password from before it works any more. */
  async forget(userId: string, at: string): Promise<void> {
    await this.#credentials.deleteMany({ _id: userId, changedAt: { $lte: at } });
  }

  /** After deletion, and when a command has lost. */
  async remove(userId: string): Promise<void> {
    await this.#credentials.deleteOne({ _id: userId });
  }
}
