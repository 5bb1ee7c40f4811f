export interface Mail {
  /** Local part of the Message-ID: the same for every delivery of the same mail. Letters, digits, `.`, `_`, `-`. */
  readonly id: string;
  readonly kind: string;
  readonly to: { readonly name: string; readonly address: string };
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** The links in the mail, for the sandbox's mailbox. */
  readonly links: readonly string[];
}

export interface MailTransport {
  /** Resolves when the next server has taken responsibility. @throws MailFailure */
  send(mail: Mail): Promise<void>;
}

/**
 * - `permanent`: this mail to this address will never go through;
 * - `temporary`: the server refused it for now, or the connection broke before it answered;
 * - `unreachable`: no server was reached that could have said anything about this mail.
 */
export type MailFailureKind = 'permanent' | 'temporary' | 'unreachable';

export class MailFailure extends Error {
  override readonly name = 'MailFailure';
  readonly kind: MailFailureKind;
  /** The server's reply code, if there was one. */
  readonly replyCode: number | undefined;

  constructor(kind: MailFailureKind, message: string, replyCode?: number, cause?: unknown) {
    super(message, { cause });
    this.kind = kind;
    this.replyCode = replyCode;
  }
}
