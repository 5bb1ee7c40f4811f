import { NestFactory } from '@nestjs/core';
import { ApplicationModule, openPlatform, type Platform, Work } from '#application';
import { type Call, Commands, type OrgledgerCommand, type Outcome } from '#commands';
import { type EventStore, StoreUnavailable } from '#event-store';
import { isRefusal } from '#kernel';
import { PolicyRunner } from '#policies';
import { ReadModels } from '#read-models';
import { readSettings } from '#settings';

const settings = (folder: string) =>
  readSettings({ PORT: '0', ORGLEDGER_DATA_DIR: folder, LOG_LEVEL: 'silent', ORGLEDGER_RATE_LIMITS: 'off' });

/** A log that takes so many appends and then never answers again. */
const takes = <Log extends EventStore>(events: Log, appends: number, died: () => void): Log => {
  let left = appends;
  return new Proxy(events, {
    get: (target, property) => {
      const found: unknown = Reflect.get(target, property);
      if (typeof found !== 'function') return found;
      if (property !== 'append') return found.bind(target);
      return (...given: Parameters<EventStore['append']>) => {
        left -= 1;
        if (left >= 0) return target.append(...given);
        died();
        return Promise.reject(new StoreUnavailable('this process is dead'));
      };
    },
  });
};

/** The whole product without HTTP in this process, over a folder; it may die at an append. */
export class Mortal {
  readonly platform: Platform;
  readonly died: Promise<void>;
  readonly #app: Awaited<ReturnType<typeof NestFactory.createApplicationContext>>;
  readonly #work: Work;

  private constructor(
    platform: Platform,
    app: Awaited<ReturnType<typeof NestFactory.createApplicationContext>>,
    work: Work,
    died: Promise<void>,
  ) {
    this.platform = platform;
    this.#app = app;
    this.#work = work;
    this.died = died;
  }

  static async start(folder: string, appends = Number.POSITIVE_INFINITY): Promise<Mortal> {
    const opened = await openPlatform(settings(folder));
    const { promise: died, resolve } = Promise.withResolvers<void>();
    const platform = { ...opened, events: takes(opened.events, appends, resolve) };
    const app = await NestFactory.createApplicationContext(ApplicationModule.over(platform), {
      logger: false,
    });
    app.get(PolicyRunner).issueThrough(app.get(Commands));
    const work = new Work(app, platform);
    await work.start();
    return new Mortal(platform, app, work, died);
  }

  get<T>(provided: abstract new (...given: never[]) => T): T {
    return this.#app.get(provided as never);
  }

  /** As somebody who manages the organization. */
  async send<C extends OrgledgerCommand>(
    command: C,
    fields: Partial<C> & { organizationId: string },
  ): Promise<Outcome> {
    const principal = {
      type: 'user',
      id: 'usr_somebody',
      userId: 'usr_somebody',
      organizationId: fields.organizationId,
      role: 'owner',
      emailVerified: true,
    } as const;
    const call: Call = { principal, dryRun: false, source: 'api', sourceIp: null, userAgent: null };
    return this.get(Commands).send(command, fields, call);
  }

  /** A receipt, or an error that names the refusal. */
  async done<C extends OrgledgerCommand>(command: C, fields: Partial<C> & { organizationId: string }) {
    const outcome = await this.send(command, fields);
    if (isRefusal(outcome)) throw new Error(`${command.constructor.name} was refused: ${outcome.code}`);
    return outcome as unknown as Record<string, string>;
  }

  /** Everything that has happened is reacted to and shown. */
  async settled(): Promise<void> {
    const { events } = this.platform;
    for (let head = -1; head !== (await events.head()); ) {
      head = await events.head();
      while (!(await this.get(PolicyRunner).settle(head, '')).settled);
      await this.get(ReadModels).reach(head);
    }
  }

  async end(): Promise<void> {
    await this.#work.stop();
    await this.#app.close();
    await this.platform.stores.close();
  }
}
