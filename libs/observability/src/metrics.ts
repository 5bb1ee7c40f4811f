import type { Registry } from 'prom-client';
import { type Answered, AnsweredTally } from './answered-tally.ts';

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
  readonly gauge: (gauge: Gauge) => void;
}

/** Prometheus metrics. The client library is loaded at the first scrape, so that a start does not wait for it. */
export class Metrics {
  readonly #gauges: Gauge[] = [];
  readonly #answered = new AnsweredTally();
  #loading: Promise<Loaded> | undefined;
  #loaded: Loaded | undefined;

  answered(answered: Answered): void {
    this.#answered.add(answered);
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
    return { contentType: registry.contentType, body: `${await registry.metrics()}${this.#answered.text()}` };
  }

  #load(): Promise<Loaded> {
    this.#loading ??= load().then((loaded) => {
      this.#loaded = loaded;
      for (const gauge of this.#gauges) loaded.gauge(gauge);
      return loaded;
    });
    return this.#loading;
  }
}

const load = async (): Promise<Loaded> => {
  const { collectDefaultMetrics, Gauge: PrometheusGauge, Registry } = await import('prom-client');
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return {
    registry,
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
