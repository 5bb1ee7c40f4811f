import { isPlainAddress } from './address.ts';
import { type Mail, MailFailure, type MailTransport } from './transport.ts';

export interface SmtpOptions {
  /** Connections held at once. Default 4. */
  readonly connections?: number;
  /** Milliseconds to reach the server and read its greeting. Default 10,000. */
  readonly connectTimeout?: number;
  /** Milliseconds without a byte from the server. Default 30,000. */
  readonly silenceTimeout?: number;
  /** Milliseconds for one mail in all. Default 60,000. */
  readonly sendTimeout?: number;
}

export interface SmtpTransport extends MailTransport {
  close(): void;
}

/**
 * `url` as in `smtp://user:password@host:587` or `smtps://…`; `?requireTLS=true` insists on STARTTLS. Names and
 * addresses are handed over as objects with an envelope of exactly one recipient: text is never parsed for addresses.
 */
export const smtpTransport = (
  url: string,
  from: { readonly name: string; readonly address: string },
  {
    connections = 4,
    connectTimeout = 10_000,
    silenceTimeout = 30_000,
    sendTimeout = 60_000,
  }: SmtpOptions = {},
): SmtpTransport => {
  if (!isPlainAddress(from.address, { labels: 1 })) throw new TypeError('the sender is not a plain address');
  const domain = from.address.slice(from.address.indexOf('@') + 1);
  const open = async () => {
    const { createTransport } = await import('nodemailer');
    return createTransport({
      url,
      pool: true,
      maxConnections: connections,
      // The pool may try again only when no byte of a mail was sent; every other try is the sender's, who counts it.
      maxRequeues: 1,
      idleTimeout: 5_000,
      connectionTimeout: connectTimeout,
      greetingTimeout: connectTimeout,
      dnsTimeout: connectTimeout,
      socketTimeout: silenceTimeout,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  };
  let opened: ReturnType<typeof open> | undefined;
  return {
    async send(mail) {
      refuseUnsafe(mail);
      opened ??= open();
      const transport = await opened;
      try {
        await transport.sendMail({
          from: { name: oneLine(from.name), address: from.address },
          to: { name: oneLine(mail.to.name), address: mail.to.address },
          envelope: { from: from.address, to: [mail.to.address] },
          messageId: `<${mail.id}@${domain}>`,
          subject: oneLine(mail.subject),
          text: mail.text,
          html: mail.html,
          headers: { 'Auto-Submitted': 'auto-generated' },
          signal: AbortSignal.timeout(sendTimeout),
        });
      } catch (error) {
        throw classified(error as SmtpError);
      }
    },
    close() {
      const closing = opened;
      opened = undefined;
      void closing?.then((transport) => transport.close());
    },
  };
};

const refuseUnsafe = (mail: Mail): void => {
  if (!/^[A-Za-z0-9._-]{1,200}$/.test(mail.id)) throw new TypeError('a mail id cannot be a Message-ID');
  if (!isPlainAddress(mail.to.address)) throw new MailFailure('permanent', 'not one plain address');
};

const oneLine = (text: string): string => text.replace(/\p{Cc}+/gu, ' ').trim();

interface SmtpError extends Error {
  readonly code?: string;
  /** The system's own code, such as ECONNREFUSED. */
  readonly originalCode?: string;
  readonly command?: string;
  readonly responseCode?: number;
  readonly timeoutType?: string;
}

const aboutThisMail = /^(MAIL FROM|RCPT TO|DATA)/;
const noServer = [
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EDNS',
  'ETLS',
  'EAUTH',
  'ENOAUTH',
  'EPROTOCOL',
];

/** Only an answer to RCPT or DATA can say that this mail is hopeless; a refused login or sender is ours to mend. */
const classified = (error: SmtpError): MailFailure => {
  const { code = '', originalCode = code, command = '', responseCode, timeoutType } = error;
  if (responseCode !== undefined && aboutThisMail.test(command)) {
    const hopeless = responseCode >= 500 && responseCode !== 503 && !command.startsWith('MAIL');
    return new MailFailure(hopeless ? 'permanent' : 'temporary', error.message, responseCode, error);
  }
  if (code === 'EENVELOPE' || code === 'EMESSAGE')
    return new MailFailure('permanent', error.message, responseCode, error);
  const unreachable =
    noServer.includes(code) ||
    noServer.includes(originalCode) ||
    (timeoutType !== undefined && timeoutType !== 'SOCKET_TIMEOUT');
  return new MailFailure(unreachable ? 'unreachable' : 'temporary', error.message, responseCode, error);
};
