import { describe, expect, it } from '@jest/globals';
import type { Receipt } from '#commands';
import type { ReadModels } from '#read-models';
import { PendingLimit } from './pending-limit.ts';

/** A log in which every invitation is followed by three events of others, and a read model that shows it when told. */
const house = (limit: number) => {
  const log: number[] = [];
  const shown = { position: 0, counted: 0, patience: 0 };
  const readModels = {
    positionOf: () => shown.position,
    count: async () => {
      shown.counted += 1;
      const pending = log.filter((position) => position <= shown.position).length;
      for (let turns = shown.patience - shown.counted; turns > 0; turns -= 1) await Promise.resolve();
      return pending;
    },
    reach: async (position: number) => {
      shown.position = position;
    },
    atLeast: async () => log.length,
  } as unknown as ReadModels;
  const head = () => log.length * 4;
  const pending = new PendingLimit(
    limit,
    readModels,
    () => '2026-01-01T00:00:00.000Z',
    async () => head(),
  );
  const send = async (): Promise<Receipt> => {
    log.push(head() + 1);
    return { id: 'i', stream: 's', revision: 0, position: String(log.at(-1)), events: [] };
  };
  return {
    shown,
    show: () => {
      shown.position = head();
    },
    invite: async () => 'revision' in (await pending.within('org_1', send)),
  };
};

describe('the limit of pending invitations', () => {
  it.each(['sees everything at once', 'lags'])(
    'ERR-03: is exact, to the last one, while the read model %s',
    async (how) => {
      const { invite, show } = house(50);
      let sent = 0;
      for (let tries = 0; tries < 80; tries += 1) {
        if (how !== 'lags' || tries % 7 === 0) show();
        if (await invite()) sent += 1;
      }
      expect(sent).toBe(50);
    },
  );

  it.each([0, 1_000])(
    'ERR-03: is exact for those who ask at the same moment, told in order or not (%i)',
    async (patience) => {
      const { invite, shown } = house(50);
      shown.patience = patience;
      const sent = await Promise.all(Array.from({ length: 80 }, invite));
      expect(sent.filter(Boolean)).toHaveLength(50);
    },
  );

  it('is not counted again for each while there is room for everything that has happened since', async () => {
    const { invite, show, shown } = house(10_000);
    for (let sent = 0; sent < 1_000; sent += 1) {
      await invite();
      show();
    }
    expect(shown.counted).toBe(1);
  });
});
