import { type Clock, isoTime } from '#clock';
import type { IndexSpec } from '#kernel';
import type { DocumentStore } from '#read-models';
import type { MailTransport } from './transport.ts';

export interface SandboxMail {
  readonly kind: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly links: readonly string[];
  readonly sentAt: string;
}

export interface SandboxMailbox extends MailTransport {
  /** Latest first. `limit` defaults to 100. */
  list(filter?: {
    readonly to?: string;
    readonly kind?: string;
    readonly limit?: number;
  }): Promise<SandboxMail[]>;
  /** Removes every mail to somebody, or that names them, by their addresses and full names. */
  forget(traces: readonly string[]): Promise<void>;
}

interface StoredMail extends SandboxMail {
  readonly _id: string;
  /** Milliseconds, made strictly growing. */
  readonly order: number;
}

export const mailboxIndexes: readonly IndexSpec[] = [
  { order: -1 },
  { to: 1, order: -1 },
  { kind: 1, order: -1 },
];

/** Keeps mails instead of sending them. Holds live links: for the sandbox only. */
export const sandboxMailbox = (store: Pick<DocumentStore, 'collection'>, clock: Clock): SandboxMailbox => {
  const mails = store.collection<StoredMail>('mail');
  let latest = 0;
  return {
    async send({ id, kind, to, subject, text, html, links }) {
      const now = clock.now();
      latest = Math.max(latest + 1, now);
      await mails.replaceOne(
        { _id: id },
        {
          kind,
          to: to.address,
          subject,
          text,
          html,
          links: [...links],
          sentAt: isoTime(now),
          order: latest,
        },
        { upsert: true },
      );
    },
    async list({ to, kind, limit = 100 } = {}) {
      const filter = { ...(to === undefined ? {} : { to }), ...(kind === undefined ? {} : { kind }) };
      const found = await mails.find(filter).sort({ order: -1 }).limit(limit).toArray();
      return found.map(({ _id, order, ...mail }) => mail);
    },
    async forget(traces) {
      const wanted = traces.map((trace) => trace.toLowerCase());
      for await (const { _id, to, subject, text } of mails.find({})) {
        const mail = `${to}\n${subject}\n${text}`.toLowerCase();
        if (wanted.some((trace) => mail.includes(trace))) await mails.deleteOne({ _id });
      }
    },
  };
};
