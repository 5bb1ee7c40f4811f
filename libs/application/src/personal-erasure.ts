import type { Execution } from '#commands';
import { ERASED } from '#event-store';
import type { RecordedEvent } from '#kernel';
import { type Projector, ReadModelBehind } from '#read-models';
import { Erasure } from '#users';
import { catalogue } from './nouns.ts';
import type { Platform } from './platform.ts';

/** How long the read models may take to show what was written while the person could still be read. */
const PATIENCE_MS = 10_000;

/**
 * USR-10: the key goes, and with it everything that is sealed by it, wherever the log was copied to; what was made
 * readable from it (mails of the sandbox, read models and their past) is told anew or goes too, down to the files.
 */
export class PersonalErasure extends Erasure {
  readonly #platform: Platform;
  readonly #execution: Execution;
  readonly #projector: Projector;

  constructor(platform: Platform, execution: Execution, projector: Projector) {
    super();
    this.#platform = platform;
    this.#execution = execution;
    this.#projector = projector;
  }

  async erase(userId: string): Promise<void> {
    const { events, personalKeys, sandbox, stores } = this.#platform;
    await sandbox?.mailbox.forget(tracesOf(userId, await events.read(`user-${userId}`)));
    await sandbox?.textMessages.forget(userId);
    await personalKeys.destroy(userId);
    events.forget(userId);
    this.#execution.forget();
    if (!(await this.#projector.erase(userId, await events.head(), PATIENCE_MS)))
      throw new ReadModelBehind('the read models have not been told anew yet');
    for (const store of [stores.keys, stores.readModels, stores.sandbox]) await store?.scrub();
  }
}

/** Addresses and full names under which the person's own stream still knows them. */
const tracesOf = (userId: string, events: readonly RecordedEvent[]): string[] => {
  const traces = new Set<string>();
  for (const { type, data } of events) {
    const fields = data as Readonly<Record<string, unknown>>;
    const personal = catalogue[type]?.personal ?? {};
    const known = (name: string): string =>
      fields[personal[name] ?? ''] === userId && fields[name] !== ERASED ? String(fields[name] ?? '') : '';
    for (const name of ['email', 'previousEmail']) traces.add(known(name));
    traces.add(`${known('givenName')} ${known('familyName')}`.trim());
    traces.add(`${known('previousGivenName')} ${known('previousFamilyName')}`.trim());
  }
  return [...traces].filter((trace) => trace !== '');
};
