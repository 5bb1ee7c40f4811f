import { type Clock, SpareTime, systemClock } from '#clock';
import { type ReadableEventStore, readableEvents } from '#event-store';
import { outboxIndexes } from '#mail';
import { createLogger, type Logger, Metrics } from '#observability';
import { Sandbox } from '#sandbox';
import type { Settings } from '#settings';
import { challengeIndexes, enrolmentIndexes, guessIndexes, rateIndexes, sessionIndexes } from '#sign-in';
import { MasterKey, PersonalKeys } from '#tokens';
import { catalogue } from './nouns.ts';
import { refuseOlderLog } from './older-log.ts';
import { openStores, type Stores } from './stores.ts';

/** What the nouns stand on: stores, keys, time, logs. */
export interface Platform {
  readonly settings: Settings;
  readonly stores: Stores;
  readonly master: MasterKey;
  readonly personalKeys: PersonalKeys;
  /** The log, readable: raised to its newest shape and decrypted. */
  readonly events: ReadableEventStore;
  readonly sandbox: Sandbox | undefined;
  readonly clock: Clock;
  readonly spareTime: SpareTime;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly operatorToken: string;
  /** True: this process runs projections, policies and mail. False: a worker does. */
  readonly follows: boolean;
  /** True: other processes wait for what this one has done. */
  readonly watched: boolean;
}

export type Role = 'all' | 'api' | 'worker';

/** Whoever can read the master key runs the product. */
export const operatorTokenOf = (master: MasterKey): string =>
  `orgop_${master.derive('operator').toString('base64url')}`;

/** @throws with a sentence for the operator when a store or the master key cannot be used */
export const openPlatform = async (settings: Settings, role: Role = settings.role): Promise<Platform> => {
  const stores = await openStores(settings);
  try {
    // A server keeps its own log whole, and may be away just now.
    if (!settings.eventStoreUrl) await refuseOlderLog(stores);
    const { records, work } = stores;
    const master = MasterKey.load(settings.masterKeyFile, settings.dataDir);
    await work.ensureIndexes('outbox', outboxIndexes);
    await records.ensureIndexes('sessions', sessionIndexes);
    await records.ensureIndexes('guesses', guessIndexes);
    await records.ensureIndexes('rates', rateIndexes);
    await records.ensureIndexes('challenges', challengeIndexes);
    await records.ensureIndexes('two-factor-enrolments', enrolmentIndexes);
    await work.ensureIndexes('parked', [{ position: 1 }]);
    const personalKeys = new PersonalKeys(stores.keys, master);
    const sandbox = stores.sandbox && (await Sandbox.open(stores.sandbox));
    return {
      settings,
      stores,
      master,
      personalKeys,
      events: readableEvents(stores.events, catalogue, personalKeys),
      sandbox,
      clock: sandbox?.clock ?? systemClock,
      spareTime: new SpareTime(),
      log: createLogger(settings),
      metrics: new Metrics(),
      operatorToken: operatorTokenOf(master),
      follows: role !== 'api',
      watched: role === 'worker',
    };
  } catch (error) {
    await stores.close();
    throw error;
  }
};
