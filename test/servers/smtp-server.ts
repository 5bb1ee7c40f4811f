import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { simpleParser } from 'mailparser';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';

export interface ReceivedMail {
  /** The envelope, which alone decides who gets it. */
  readonly envelope: { readonly from: string; readonly to: readonly string[] };
  readonly messageId: string;
  readonly headers: ReadonlyMap<string, unknown>;
  /** Address in the To header. */
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** Every http(s) address in the text part. */
  readonly links: readonly string[];
  readonly raw: string;
}

export const smtpFaults = [
  /** Closes the connection before a word is said. */
  'refuse_connection',
  /** Speaks another protocol. */
  'bad_greeting',
  'rcpt_4xx',
  'rcpt_5xx',
  /** Never answers RCPT. */
  'stall',
  /** Breaks off while the message is being sent. */
  'drop_mid_data',
  'data_4xx',
  /** Keeps the message and breaks off before saying so: the sender cannot know. */
  'cut_after_data',
] as const;

export type SmtpFault = (typeof smtpFaults)[number];

/** What is about to happen: a connection, a recipient, or the message itself. */
export interface SmtpMoment {
  readonly stage: 'connection' | 'recipient' | 'message';
  /** Empty at `connection`. */
  readonly recipient: string;
}

export interface SmtpServerOptions {
  /** Asked at every moment; a fault that does not belong to the stage does nothing and does not count. */
  readonly fault?: (moment: SmtpMoment) => SmtpFault | undefined;
  readonly port?: number;
}

export interface RunningSmtpServer {
  /** `smtp://127.0.0.1:<port>` */
  readonly url: string;
  readonly port: number;
  /** In the order in which they were taken. */
  readonly messages: readonly ReceivedMail[];
  readonly faults: {
    /** How many of each were really injected. */
    readonly injected: Readonly<Record<SmtpFault, number>>;
    /** The next `times` moments of its stage meet this fault. */
    plan(fault: SmtpFault, times?: number): void;
  };
  /** The first message, already here or still to come. Rejects after `timeoutMs`. */
  waitFor(wanted: (message: ReceivedMail) => boolean, timeoutMs?: number): Promise<ReceivedMail>;
  /** Breaks every open connection. */
  hangUp(): void;
  close(): Promise<void>;
}

const stageOf: Readonly<Record<SmtpFault, SmtpMoment['stage']>> = {
  refuse_connection: 'connection',
  bad_greeting: 'connection',
  rcpt_4xx: 'recipient',
  rcpt_5xx: 'recipient',
  stall: 'recipient',
  drop_mid_data: 'message',
  data_4xx: 'message',
  cut_after_data: 'message',
};

export const startSmtpServer = async (options: SmtpServerOptions = {}): Promise<RunningSmtpServer> => {
  const messages: ReceivedMail[] = [];
  const injected = Object.fromEntries(smtpFaults.map((fault) => [fault, 0])) as Record<SmtpFault, number>;
  const planned: SmtpFault[] = [];
  const waiting = new Set<(message: ReceivedMail) => void>();
  const sockets = new Map<number, Socket>();

  const faultAt = (moment: SmtpMoment): SmtpFault | undefined => {
    const next = planned.findIndex((fault) => stageOf[fault] === moment.stage);
    const fault = next >= 0 ? planned.splice(next, 1)[0] : options.fault?.(moment);
    if (!fault || stageOf[fault] !== moment.stage) return undefined;
    injected[fault]++;
    return fault;
  };
  const hangUp = (session: SMTPServerSession) => sockets.get(session.remotePort)?.destroy();
  const hangUpAll = () => {
    for (const socket of sockets.values()) socket.destroy();
  };
  const reply = (responseCode: number, text: string) => Object.assign(new Error(text), { responseCode });
  const keep = async (raw: Buffer, session: SMTPServerSession): Promise<void> => {
    const message = await parsed(raw, session);
    messages.push(message);
    for (const tell of [...waiting]) tell(message);
  };

  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    logger: false,
    closeTimeout: 1,
    onRcptTo({ address }, _session, done) {
      const fault = faultAt({ stage: 'recipient', recipient: address });
      if (fault === 'stall') return;
      if (fault === 'rcpt_4xx') return done(reply(450, 'mailbox busy'));
      if (fault === 'rcpt_5xx') return done(reply(550, 'no such mailbox'));
      done();
    },
    onData(stream, session, done) {
      const recipient = session.envelope.rcptTo[0]?.address ?? '';
      const fault = faultAt({ stage: 'message', recipient });
      if (fault === 'drop_mid_data') {
        hangUp(session);
        stream.resume();
        return;
      }
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        if (fault === 'data_4xx') return done(reply(451, 'try again later'));
        keep(Buffer.concat(chunks), session).then(
          () => (fault === 'cut_after_data' ? hangUp(session) : done()),
          (error) => done(error as Error),
        );
      });
    },
  });
  smtp.on('error', () => {});

  const server = createServer((socket) => {
    const { remotePort = 0 } = socket;
    sockets.set(remotePort, socket);
    socket.on('close', () => sockets.delete(remotePort));
    socket.on('error', () => {});
    const fault = faultAt({ stage: 'connection', recipient: '' });
    if (fault === 'refuse_connection') socket.resetAndDestroy();
    else if (fault === 'bad_greeting') socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    else smtp.server.emit('connection', socket);
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };

  return {
    url: `smtp://127.0.0.1:${port}`,
    port,
    messages,
    faults: {
      injected,
      plan: (fault, times = 1) => {
        for (let count = 0; count < times; count++) planned.push(fault);
      },
    },
    waitFor: (wanted, timeoutMs = 5_000) =>
      new Promise((resolve, reject) => {
        const here = messages.find(wanted);
        if (here) return resolve(here);
        const stop = () => {
          clearTimeout(timer);
          waiting.delete(look);
        };
        const look = (message: ReceivedMail) => {
          if (!wanted(message)) return;
          stop();
          resolve(message);
        };
        const timer = setTimeout(() => {
          stop();
          reject(new Error(`no such mail within ${timeoutMs} ms; ${messages.length} others came`));
        }, timeoutMs);
        waiting.add(look);
      }),
    hangUp: hangUpAll,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      hangUpAll();
      await closed;
    },
  };
};

const parsed = async (raw: Buffer, { envelope }: SMTPServerSession): Promise<ReceivedMail> => {
  const mail = await simpleParser(raw, { skipTextToHtml: true, skipTextLinks: true });
  const { to, text = '', html } = mail;
  return {
    envelope: {
      from: envelope.mailFrom ? envelope.mailFrom.address : '',
      to: envelope.rcptTo.map(({ address }) => address),
    },
    messageId: mail.messageId ?? '',
    headers: mail.headers,
    to: (Array.isArray(to) ? to[0] : to)?.value[0]?.address ?? '',
    subject: mail.subject ?? '',
    text,
    html: html || '',
    links: text.match(/https?:\/\/[^\s<>"]+/g) ?? [],
    raw: raw.toString('latin1'),
  };
};
