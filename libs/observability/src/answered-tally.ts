export interface Answered {
  readonly method: string;
  /** The route's pattern, never the path. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

/** Seconds. */
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

interface Tally {
  readonly byStatus: Map<number, number>;
  /** How many took no longer than each bound, and longer than the one before; the last has no bound. */
  readonly byTime: number[];
  seconds: number;
}

/** Counts answers as they leave. Labels are put together by whoever reads it: for every request they would cost 1 µs. */
export class AnsweredTally {
  readonly #routes = new Map<string, Map<string, Tally>>();

  add({ method, route, status, seconds }: Answered): void {
    const tally = this.#of(method, route);
    tally.byStatus.set(status, (tally.byStatus.get(status) ?? 0) + 1);
    const { byTime } = tally;
    let place = 0;
    while (place < BOUNDS.length && seconds > (BOUNDS[place] as number)) place += 1;
    byTime[place] = (byTime[place] as number) + 1;
    tally.seconds += seconds;
  }

  /** In the text exposition format of Prometheus. */
  text(): string {
    const requests: string[] = [];
    const durations: string[] = [];
    const name = 'http_request_duration_seconds';
    for (const [route, methods] of this.#routes)
      for (const [method, { byStatus, byTime, seconds }] of methods) {
        const labels = `method="${method}",route="${route}"`;
        for (const [status, count] of byStatus)
          requests.push(`http_requests_total{${labels},status="${status}"} ${count}`);
        let upTo = 0;
        for (const [place, count] of byTime.entries()) {
          upTo += count;
          durations.push(`${name}_bucket{le="${BOUNDS[place] ?? '+Inf'}",${labels}} ${upTo}`);
        }
        durations.push(`${name}_sum{${labels}} ${seconds}`, `${name}_count{${labels}} ${upTo}`);
      }
    return `${[
      '# HELP http_requests_total Answered requests.',
      '# TYPE http_requests_total counter',
      ...requests,
      `# HELP ${name} Time from the request line to the last byte handed to the socket.`,
      `# TYPE ${name} histogram`,
      ...durations,
    ].join('\n')}\n`;
  }

  #of(method: string, route: string): Tally {
    const methods = this.#routes.get(route) ?? new Map<string, Tally>();
    const known = methods.get(method);
    if (known) return known;
    const tally = { byStatus: new Map(), byTime: [...BOUNDS.map(() => 0), 0], seconds: 0 };
    this.#routes.set(route, methods.set(method, tally));
    return tally;
  }
}
