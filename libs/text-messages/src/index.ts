import { type Clock, isoTime } from '#clock';
import type { IndexSpec } from '#kernel';
import type { DocumentStore } from '#read-models';

export interface TextMessage {
  /** E.164. */
  readonly to: string;
  readonly text: string;
  /** Whose telephone it is. */
  readonly userId: string;
}

/** Port: somebody who brings short messages to telephones. */
export abstract class TextMessages {
  /** False: nobody does, so nobody can be asked to prove a number. */
  abstract readonly available: boolean;
  abstract send(message: TextMessage): Promise<void>;
}

export const noTextMessages: TextMessages = {
  available: false,
  send: () => Promise.reject(new Error('no service for text messages is configured')),
};

interface KeptMessage extends TextMessage {
  readonly _id: string;
  readonly sentAt: string;
}

export const textMessageIndexes: readonly IndexSpec[] = [{ to: 1 }, { userId: 1 }];

/** Keeps what would have been sent. */
export class SandboxTextMessages extends TextMessages {
  readonly available = true;
  readonly #store: Pick<DocumentStore, 'collection'>;
  readonly #clock: Clock;
  #sent = 0;

  constructor(store: Pick<DocumentStore, 'collection'>, clock: Clock) {
    super();
    this.#store = store;
    this.#clock = clock;
  }

  async send({ to, text, userId }: TextMessage): Promise<void> {
    const now = this.#clock.now();
    // In the order of sending, also within one millisecond and after a restart.
    const _id = `${String(now).padStart(16, '0')}.${String(++this.#sent).padStart(9, '0')}`;
    await this.#store
      .collection<KeptMessage>('sms')
      .insertOne({ _id, to, text, userId, sentAt: isoTime(now) });
  }

  /** Latest first. */
  async list(to?: string): Promise<(Pick<TextMessage, 'to' | 'text'> & { readonly sentAt: string })[]> {
    const kept = await this.#store
      .collection<KeptMessage>('sms')
      .find(to === undefined ? {} : { to })
      .sort({ _id: -1 })
      .limit(200)
      .toArray();
    return kept.map(({ _id, userId, ...message }) => message);
  }

  async forget(userId: string): Promise<void> {
    await this.#store.collection<KeptMessage>('sms').deleteMany({ userId });
  }
}
