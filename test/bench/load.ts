/** What so many workers did in one window, each with one call under way at a time. Times in milliseconds. */
export interface Load {
  readonly perSecond: number;
  /** How long was measured. */
  readonly ms: number;
  readonly count: number;
  /** Calls that threw, warm-up included. */
  readonly errors: readonly string[];
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface WindowLoad extends Load {
  /** With the calls that were under way when the window began, which slow answers would lose at its edge. */
  readonly answersPerSecond: number;
}

export interface Window {
  readonly workers: number;
  readonly warmMs: number;
  readonly measureMs: number;
  /** Closes the window before its time. */
  readonly end?: Promise<unknown>;
}

/** Every worker calls again as soon as it is answered; a failed call is counted and stops its worker. */
export const underLoad = async (
  { workers, warmMs, measureMs, end }: Window,
  call: (worker: number) => Promise<unknown>,
): Promise<WindowLoad> => {
  const started = performance.now();
  const from = started + warmMs;
  let until = from + measureMs;
  end?.then(() => {
    until = Math.min(until, performance.now());
  });
  const latencies: number[] = [];
  const errors: string[] = [];
  let answers = 0;
  const work = async (worker: number): Promise<void> => {
    for (;;) {
      const begun = performance.now();
      if (begun >= until) return;
      try {
        await call(worker);
      } catch (error) {
        errors.push((error as Error).message);
        return;
      }
      const ended = performance.now();
      if (ended >= from && ended <= until) answers += 1;
      if (begun >= from && ended <= until) latencies.push(ended - begun);
    }
  };
  await Promise.all(Array.from({ length: workers }, (_, worker) => work(worker)));
  return {
    ...quantiles(latencies),
    perSecond: (latencies.length * 1_000) / (until - from),
    answersPerSecond: (answers * 1_000) / (until - from),
    ms: until - from,
    count: latencies.length,
    errors,
  };
};

/** Every item once, by as many workers; the clock starts when the first `warm` of them are done. */
export const eachOnce = async <T>(
  { workers, warm }: { readonly workers: number; readonly warm: number },
  items: readonly T[],
  call: (item: T, worker: number) => Promise<unknown>,
): Promise<Load> => {
  const latencies: number[] = [];
  const errors: string[] = [];
  let next = 0;
  let done = 0;
  let from = performance.now();
  const work = async (worker: number): Promise<void> => {
    while (next < items.length) {
      const item = items[next] as T;
      next += 1;
      const begun = performance.now();
      try {
        await call(item, worker);
      } catch (error) {
        errors.push((error as Error).message);
        return;
      }
      done += 1;
      if (done === warm) from = performance.now();
      else if (done > warm) latencies.push(performance.now() - begun);
    }
  };
  await Promise.all(Array.from({ length: workers }, (_, worker) => work(worker)));
  const ms = performance.now() - from;
  const perSecond = (latencies.length * 1_000) / ms;
  return { ...quantiles(latencies), perSecond, ms, count: latencies.length, errors };
};

export const quantiles = (values: readonly number[]): { p50: number; p99: number; max: number } => {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), max: sorted.at(-1) ?? Number.NaN };
};
