/** Makes the instruments of declared metrics, and the text of a scrape. The only file that imports prom-client. */
import {
  collectDefaultMetrics,
  Counter,
  Gauge,
  Histogram,
  prometheusContentType,
  Registry,
} from 'prom-client';
import type { CounterKind, GaugeKind, HistogramKind, MetricKind, MetricTable } from './metric-kind.ts';

type Instrument<Kind> =
  Kind extends CounterKind<infer Label>
    ? Counter<Label>
    : Kind extends GaugeKind<infer Label>
      ? Gauge<Label>
      : Kind extends HistogramKind<infer Label>
        ? Histogram<Label>
        : never;

export type Instruments<Table extends MetricTable> = {
  readonly [Name in keyof Table]: Instrument<Table[Name]>;
};

export interface Metrics {
  make<Table extends MetricTable>(table: Table): Instruments<Table>;
  /** Calls `collect` before each scrape. */
  onScrape(collect: () => Promise<void> | void): void;
  /** The text of a scrape. Requests that come during a scrape share it. */
  scrape(): Promise<string>;
}

export const METRICS_TYPE = prometheusContentType;

export function createMetrics(): Metrics {
  const registry = new Registry();
  const collectors: (() => Promise<void> | void)[] = [];
  let running: Promise<string> | null = null;
  collectDefaultMetrics({ register: registry });

  async function scrape(): Promise<string> {
    await Promise.all(collectors.map(async (collect) => collect()));
    return registry.metrics();
  }

  return {
    make: (table) =>
      Object.fromEntries(
        Object.entries(table).map(([name, kind]) => [name, instrument(name, kind, registry)]),
      ) as Instruments<typeof table>,
    onScrape(collect) {
      collectors.push(collect);
    },
    async scrape() {
      running ??= scrape().finally(() => (running = null));
      return running;
    },
  };
}

function instrument(name: string, kind: MetricKind, registry: Registry): Counter | Gauge | Histogram {
  const { help, labels } = kind;
  const options = { name, help, labelNames: labels, registers: [registry] };
  switch (kind.type) {
    case 'counter':
      return new Counter(options);
    case 'gauge':
      return new Gauge(options);
    case 'histogram':
      return new Histogram({ ...options, buckets: [...kind.buckets] });
  }
}
