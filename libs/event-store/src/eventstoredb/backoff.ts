import { setTimeout as sleep } from 'node:timers/promises';

const FIRST_MS = 50;
const LONGEST_MS = 1_000;

/** Full jitter: anything between nothing and a bound that doubles with each failure. Ends early on abort. */
export const backoff = async (
  failures: number,
  random: () => number,
  signal?: AbortSignal,
): Promise<void> => {
  const bound = Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1));
  await sleep(Math.round(random() * bound), undefined, { signal }).catch(() => undefined);
};
