import { type Clock, isoTime } from '#clock';
import type { Collection, DocumentStore } from '#read-models';

export interface Credential {
  /** The user's id. */
  readonly _id: string;
  readonly hash: string;
  /** ISO 8601. */
  readonly changedAt: string;
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

  /** After an administrator's reset and after deletion: the old password works no more. */
  async remove(userId: string): Promise<void> {
    await this.#credentials.deleteOne({ _id: userId });
  }
}
