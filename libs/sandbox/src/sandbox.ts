import { SandboxClock } from '#clock';
import { type SandboxZone, sandboxProof } from '#dns-proof';
import { mailboxIndexes, type SandboxMailbox, sandboxMailbox } from '#mail';
import type { DocumentStore, StoredDocument } from '#read-models';
import { SandboxTextMessages, textMessageIndexes } from '#text-messages';

interface ZoneRecord extends StoredDocument {
  readonly values?: string[];
  readonly fault?: 'servfail' | 'timeout';
}

interface ZoneHost extends StoredDocument {
  readonly path?: string;
  readonly content?: string;
  readonly fault?: 'tls' | 'timeout' | 'error_500';
}

interface ClockOffset extends StoredDocument {
  readonly milliseconds: number;
}

/** Mailbox, zone, hosts and clock of a product that touches nothing outside; kept in the data folder. */
export class Sandbox implements SandboxZone {
  readonly #store: DocumentStore;
  readonly clock: SandboxClock;
  readonly mailbox: SandboxMailbox;
  readonly textMessages: SandboxTextMessages;
  readonly proof = sandboxProof(this);

  private constructor(store: DocumentStore, clock: SandboxClock) {
    this.#store = store;
    this.clock = clock;
    this.mailbox = sandboxMailbox(store, clock);
    this.textMessages = new SandboxTextMessages(store, clock);
  }

  static async open(store: DocumentStore): Promise<Sandbox> {
    await store.ensureIndexes('mail', mailboxIndexes);
    await store.ensureIndexes('sms', textMessageIndexes);
    const offset = await store.collection<ClockOffset>('clock').findOne({ _id: 'offset' });
    return new Sandbox(store, new SandboxClock(offset?.milliseconds ?? 0));
  }

  async record(name: string): Promise<Omit<ZoneRecord, '_id'> | undefined> {
    return (
      (await this.#store.collection<ZoneRecord>('zone').findOne({ _id: name.toLowerCase() })) ?? undefined
    );
  }

  async setRecord(name: string, record: Omit<ZoneRecord, '_id'> | undefined): Promise<void> {
    const zone = this.#store.collection<ZoneRecord>('zone');
    const _id = name.toLowerCase();
    if (record) await zone.replaceOne({ _id }, record, { upsert: true });
    else await zone.deleteOne({ _id });
  }

  async host(name: string): Promise<Omit<ZoneHost, '_id'> | undefined> {
    return (
      (await this.#store.collection<ZoneHost>('hosts').findOne({ _id: name.toLowerCase() })) ?? undefined
    );
  }

  async setHost(name: string, host: Omit<ZoneHost, '_id'> | undefined): Promise<void> {
    const hosts = this.#store.collection<ZoneHost>('hosts');
    const _id = name.toLowerCase();
    if (host) await hosts.replaceOne({ _id }, host, { upsert: true });
    else await hosts.deleteOne({ _id });
  }

  /** The offset is on the disk before anybody sees the new time. @throws RangeError for zero or less. */
  async advance(milliseconds: number): Promise<number> {
    const next = new SandboxClock(this.clock.offset);
    next.advance(milliseconds);
    await this.#store
      .collection<ClockOffset>('clock')
      .replaceOne({ _id: 'offset' }, { milliseconds: next.offset }, { upsert: true });
    return this.clock.advance(milliseconds);
  }
}
