import type { Decider, Event, FollowOn, OrganizationRole } from '#kernel';
import type { LinkPurpose } from '#tokens';
import type { MailOutcome, OutboxEntry, QueuedMail } from './outbox.ts';
import type { MailText } from './texts.ts';
import type { Mail } from './transport.ts';

export interface Addressee {
  readonly to: Mail['to'];
  readonly organizationId: string | null;
  readonly role: OrganizationRole | null;
}

/** What a mail is written with. */
export interface MailDesk {
  load<State, E extends Event>(
    decider: Decider<State, never, E>,
    id: string,
  ): Promise<{ readonly state: State }>;
  /** ISO 8601, of the product's clock. */
  now(): string;
  /** Carries a token that proves that the mail was read. */
  link(purpose: LinkPurpose, id: string, generation: number): string;
  /** To a page of the product, without any proof. */
  page(path: string): string;
  /** Somebody as they are now; undefined when there is nobody any more. */
  person(userId: string): Promise<Addressee | undefined>;
}

export type WrittenMail = MailText & Pick<Mail, 'to'>;

/** One kind of mail, brought by the noun that it tells about. */
export interface MailKind {
  readonly kind: string;
  /** From what is true when it is sent; undefined: nobody needs it any more. */
  readonly compose: (entry: QueuedMail, desk: MailDesk) => Promise<WrittenMail | undefined>;
  /** True when the log knows what became of it: an event that is seen again does not queue it again. */
  readonly isReported?: (entry: OutboxEntry, desk: MailDesk) => Promise<boolean>;
  /** The command that tells the log what became of it. */
  readonly report?: (
    entry: QueuedMail,
    delivery: MailOutcome | 'deferred',
    desk: MailDesk,
  ) => Promise<Pick<FollowOn, 'command' | 'fields'> | undefined>;
}

/** The id of what the mail tells about. */
export const aboutOf = ({ event: { stream } }: Pick<OutboxEntry, 'event'>): string =>
  stream.slice(stream.indexOf('-') + 1);

/** Empty for somebody who has no name, or no longer. */
export const fullName = (person: {
  readonly status: string;
  readonly givenName?: string;
  readonly familyName?: string;
}): string => `${person.givenName ?? ''} ${person.familyName ?? ''}`.trim();
