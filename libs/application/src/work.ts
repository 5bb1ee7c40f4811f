import type { INestApplicationContext } from '@nestjs/common';
import { Commands } from '#commands';
import { Guesses } from '#credentials';
import { ImportRunner } from '#imports';
import { type MailTransport, Outbox, Sender, smtpTransport } from '#mail';
import { MailBell, MailKinds, reportMail } from '#notifications';
import type { Logger } from '#observability';
import { PolicyRunner } from '#policies';
import { Projector } from '#read-models';
import { Challenges, Sessions, TwoFactors } from '#sign-in';
import { TimerRunner } from '#timers';
import { Rates } from '#users';
import type { Platform } from './platform.ts';

const CLEAN_EVERY_MS = 600_000;

/** The part that works by itself: projections, policies, timers, imports, mail. One process runs it. */
export class Work {
  readonly #projector: Projector;
  readonly #policies: PolicyRunner;
  readonly #sender: Sender;
  readonly #timers: TimerRunner;
  readonly #imports: ImportRunner;
  readonly #log: Logger;
  readonly #expiring: readonly { removeExpired(): Promise<number> }[];
  #cleaning: NodeJS.Timeout | undefined;
  readonly #transport: MailTransport & { close?(): void };

  constructor(app: INestApplicationContext, { settings, sandbox, clock, log, metrics }: Platform) {
    const commands = app.get(Commands);
    const kinds = app.get(MailKinds);
    this.#projector = app.get(Projector);
    this.#policies = app.get(PolicyRunner);
    this.#timers = app.get(TimerRunner);
    this.#imports = app.get(ImportRunner);
    this.#log = log;
    const { limits } = app.get(Guesses);
    const { signUps, mails } = app.get(Rates);
    const kept = [app.get(Outbox), app.get(Sessions), app.get(Challenges), app.get(TwoFactors)];
    this.#expiring = [...kept, limits, signUps, mails].filter((one) => one !== undefined);
    this.#transport = settings.smtpUrl
      ? smtpTransport(settings.smtpUrl, { name: 'Orgledger', address: settings.mailFrom })
      : (sandbox?.mailbox ?? nowhere);
    this.#sender = new Sender({
      outbox: app.get(Outbox),
      transport: this.#transport,
      compose: (entry) => kinds.compose(entry),
      onResult: reportMail(commands, kinds),
      onTrouble: (error) => log.warn({ err: error }, 'sending mail is interrupted'),
      clock,
    });
    const bell = app.get(MailBell);
    bell.ring = () => this.#sender.wake();
    bell.idle = () => this.#sender.idle();
    metrics.gauge({
      name: 'orgledger_projection_position',
      help: 'Position of the log that a read model shows.',
      labels: ['projection'],
      read: () =>
        this.#projector
          .health()
          .map(({ name, position }) => ({ value: position, labels: { projection: name } })),
    });
    metrics.gauge({
      name: 'orgledger_quarantined_streams',
      help: 'Streams that a projection could not apply.',
      labels: ['projection'],
      read: () =>
        this.#projector
          .health()
          .map(({ name, quarantined }) => ({ value: quarantined.length, labels: { projection: name } })),
    });
    metrics.gauge({
      name: 'orgledger_policies_position',
      help: 'Position of the log up to which policies have reacted.',
      read: () => [{ value: this.#policies.position }],
    });
    metrics.gauge({
      name: 'orgledger_parked_commands',
      help: 'Follow-on commands that were refused and wait for somebody.',
      // While the store is away there is no number; the other metrics matter most then.
      read: () =>
        Promise.all([this.#policies.countParked(), this.#timers.countParked()]).then(
          ([commands, timers]) => [{ value: commands + timers }],
          () => [],
        ),
    });
  }

  async start(): Promise<void> {
    await this.#projector.start();
    await this.#policies.start();
    this.#cleaning = setInterval(() => {
      this.#clean().catch((err) => this.#log.warn({ err }, 'removing what has expired is interrupted'));
    }, CLEAN_EVERY_MS);
    this.#timers.start();
    this.#imports.start();
  }

  async #clean(): Promise<void> {
    for (const kept of this.#expiring) await kept.removeExpired();
  }

  /** As soon as the public address is known, which stands in every mail. */
  sendMail(): void {
    this.#sender.start();
  }

  async stop(): Promise<void> {
    clearInterval(this.#cleaning);
    await this.#timers.stop();
    await this.#imports.stop();
    await this.#sender.stop();
    this.#transport.close?.();
    await this.#policies.stop();
    await this.#projector.stop();
  }
}

const nowhere: MailTransport = {
  send: () => Promise.reject(new Error('no mail server is configured: set SMTP_URL')),
};
