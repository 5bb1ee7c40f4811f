import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { openStores } from '#application';
import type { EventStore } from '#event-store';
import type { Settings } from '#settings';
import { FolderLock } from '#sqlite';
import { MasterKey } from '#tokens';
import type { Terminal } from './run.ts';

const SMALL_DISK = 1024 ** 3;

/** One line per check; 1 when one of them is in trouble. */
export const doctor = async (settings: Settings, { out }: Terminal): Promise<number> => {
  let trouble = false;
  const say = (ok: boolean, what: string) => {
    trouble ||= !ok;
    out(`${ok ? 'ok     ' : 'trouble'}  ${what}`);
  };
  const { dataDir, masterKeyFile, eventStoreUrl, mongodbUrl, smtpUrl } = settings;
  say(true, `settings can be read; sandbox ${settings.sandbox ? 'on' : 'off'}`);
  say(
    true,
    `Node ${process.versions.node}, SQLite ${process.versions.sqlite}, ${process.platform} ${process.arch}`,
  );
  if (!existsSync(dataDir)) {
    say(true, `${dataDir} does not exist yet; the first start makes it`);
    return 0;
  }
  say(
    ...attempt(`${dataDir} can be read and written`, () =>
      accessSync(dataDir, constants.R_OK | constants.W_OK),
    ),
  );
  const { bavail, bsize } = statfsSync(dataDir);
  say(bavail * bsize > SMALL_DISK, `${Math.round((bavail * bsize) / 1024 ** 2)} MiB free in ${dataDir}`);
  if (existsSync(masterKeyFile ?? join(dataDir, 'master.key')))
    say(...attempt('the master key can be read', () => MasterKey.load(masterKeyFile, dataDir)));
  else
    say(
      !masterKeyFile,
      `no master key${masterKeyFile ? ` at ${masterKeyFile}` : ' yet; the first start makes one'}`,
    );
  say(
    true,
    `mail ${smtpUrl ? 'by SMTP' : settings.sandbox ? 'into the sandbox' : 'goes nowhere: SMTP_URL is not set'}`,
  );

  if (!eventStoreUrl || !mongodbUrl) {
    const [free, sentence] = attempt('nobody else writes in the folder', () =>
      FolderLock.take(dataDir).release(),
    );
    if (!free) {
      say(true, `${sentence}; the stores are checked by GET /health/ready then`);
      return trouble ? 1 : 0;
    }
  }
  try {
    const stores = await openStores({ ...settings, sandbox: false });
    try {
      const { events, readModels, records, work, keys } = stores;
      for (const [name, store] of Object.entries({ events, readModels, records, work, keys })) {
        const { ok, detail } = await store.health();
        say(ok, `${name} ${ok ? 'answers' : detail}`);
      }
      if (!eventStoreUrl) say(...(await clockAgainst(events, settings.sandbox)));
    } finally {
      await stores.close();
    }
  } catch (error) {
    say(false, (error as Error).message);
  }
  return trouble ? 1 : 0;
};

const attempt = (what: string, work: () => unknown): [boolean, string] => {
  try {
    work();
    return [true, what];
  } catch (error) {
    return [false, (error as Error).message];
  }
};

/** The sandbox moves its clock ahead; a real one must not be behind what has happened. Embedded positions are dense. */
const clockAgainst = async (events: EventStore, movable: boolean): Promise<[boolean, string]> => {
  const head = await events.head();
  if (head === 0) return [true, 'the log is empty'];
  for await (const batch of events.readAll({ after: head - 1, batchSize: 1 })) {
    const newest = batch.at(-1)?.metadata?.occurredAt ?? '';
    const ahead = Date.parse(newest) - Date.now();
    return ahead > 60_000 && !movable
      ? [false, `the newest event happened at ${newest}, after this machine's time`]
      : [true, `the newest event happened at ${newest}`];
  }
  return [false, `position ${head} cannot be read`];
};
