import { pause } from '#clock';

export interface Pace {
  readonly perSecond: number;
  /** What one window holds is taken at once; the rest of it is left to others. */
  readonly windowMs: number;
}

/** Takes from a source no faster than the pace. */
export async function* paced<One>(
  source: AsyncIterable<One>,
  { perSecond, windowMs }: Pace,
  signal: AbortSignal,
): AsyncGenerator<One, void> {
  const most = (perSecond * windowMs) / 1_000;
  let began = performance.now();
  let taken = 0;
  for await (const one of source) {
    if (taken >= most) {
      await pause(Math.ceil(began + windowMs - performance.now()), signal);
      // What a late turn has cost is not made up for: others needed the time.
      began = performance.now();
      taken = 0;
    }
    taken += 1;
    yield one;
  }
}
