/**
 * Declares metrics. The instruments, docs/metrics.md and the check of dashboards and rules all follow from the
 * declarations. A label has few values: never the id of a job, a block, a worker or a lane.
 */

interface Kind<Type extends string, Label extends string> {
  readonly type: Type;
  readonly help: string;
  readonly labels: readonly Label[];
}

export type CounterKind<Label extends string> = Kind<'counter', Label>;
export type GaugeKind<Label extends string> = Kind<'gauge', Label>;
export type HistogramKind<Label extends string> = Kind<'histogram', Label> & {
  readonly buckets: readonly number[];
};

export type MetricKind = CounterKind<string> | GaugeKind<string> | HistogramKind<string>;
/** By name. */
export type MetricTable = Readonly<Record<string, MetricKind>>;

export function counter<const Label extends string = never>(
  help: string,
  labels: readonly Label[] = [],
): CounterKind<Label> {
  return { type: 'counter', help, labels };
}

export function gauge<const Label extends string = never>(
  help: string,
  labels: readonly Label[] = [],
): GaugeKind<Label> {
  return { type: 'gauge', help, labels };
}

export function histogram<const Label extends string = never>(
  help: string,
  buckets: readonly number[],
  labels: readonly Label[] = [],
): HistogramKind<Label> {
  return { type: 'histogram', help, labels, buckets };
}
