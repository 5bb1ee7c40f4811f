import type { Counter, Histogram, Registry } from 'prom-client';

export interface Answered {
  readonly method: string;
  /** The route's pattern, never the path. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

export interface Sample {
  readonly value: number;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface Gauge {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  /** Called at each scrape. */
  readonly read: () => Iterable<Sample> | Promise<Iterable<Sample>>;
}

interface Loaded {
  readonly registry: Registry;
  readonly requests: Counter;
  readonly durations: Histogram;
  readonly gauge: (gauge: Gauge) => void;
}

const maximumWaiting = 1_000;

/**
 * Prometheus metrics. The client library is loaded at the first scrape (or after a thousand requests), so that a
 * start does not wait for it; what was seen before is kept and counted then.
 */
export class Metrics {
  readonly #gauges: Gauge[] = [];
  #waiting: Answered[] = [];
  #loading: Promise<Loaded> | undefined;
  #loaded: Loaded | undefined;

  answered(answered: Answered): void {
    if (this.#loaded) record(this.#loaded, answered);
    else if (this.#waiting.push(answered) >= maximumWaiting) void this.#load();
  }

  /** Gauges may be added at any time; a name only once. */
  gauge(gauge: Gauge): void {
    if (this.#gauges.some(({ name }) => name === gauge.name))
      throw new Error(`gauge ${gauge.name} exists already`);
    this.#gauges.push(gauge);
    this.#loaded?.gauge(gauge);
  }

  /** The answer to `GET /metrics`, in the text exposition format. */
  async text(): Promise<{ readonly contentType: string; readonly body: string }> {
    const { registry } = await this.#load();
    return { contentType: registry.contentType, body: await registry.metrics() };
  }

  #load(): Promise<Loaded> {
    this.#loading ??= load().then((loaded) => {
      this.#loaded = loaded;
      for (const gauge of this.#gauges) loaded.gauge(gauge);
      for (const answered of this.#waiting) record(loaded, answered);
      this.#waiting = [];
      return loaded;
    });
    return this.#loading;
  }
}

const load = async (): Promise<Loaded> => {
  const {
    collectDefaultMetrics,
    Counter,
    Gauge: PrometheusGauge,
    Histogram,
    Registry,
  } = await import('prom-client');
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    requests: new Counter({
      name: 'http_requests_total',
      help: 'Answered requests.',
      labelNames: ['method', 'route', 'status'],
      registers: [registry],
    }),
    durations: new Histogram({
      name: 'http_request_duration_seconds',
      help: 'Time from the request line to the last byte handed to the socket.',
      labelNames: ['method', 'route'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers: [registry],
    }),
    gauge: ({ name, help, labels = [], read }) => {
      new PrometheusGauge({
        name,
        help,
        labelNames: [...labels],
        registers: [registry],
        async collect() {
          const samples = [...(await read())];
          this.reset();
          for (const { value, labels: given = {} } of samples) this.set(given, value);
        },
      });
    },
  };
};

const record = ({ requests, durations }: Loaded, { method, route, status, seconds }: Answered): void => {
  requests.inc({ method, route, status }, 1);
  durations.observe({ method, route }, seconds);
};
