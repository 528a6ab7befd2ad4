/** The result of a diagnosis: the bottleneck of a job, the measurement that shows it, and what to change. */

export const BOTTLENECKS = [
  'inference',
  'decoding',
  'reading',
  'starved_lanes',
  'memory',
  'small_blocks',
  'queue_limit',
  'no_worker',
  'writing',
  'coordination',
  'too_early',
] as const;
export type BottleneckName = (typeof BOTTLENECKS)[number];

export interface Diagnosis {
  readonly name: BottleneckName;
  /** The measurement, 0 to 1, that `why` describes. Null if there is none. */
  readonly share: number | null;
  /** The measured facts, without a full stop. */
  readonly why: string;
  /** What to change. */
  readonly advice: string;
}

export function diagnosis(
  name: BottleneckName,
  share: number | null,
  why: string,
  advice: string,
): Diagnosis {
  return { name, share, why, advice };
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

export const SLOW_FILES =
  'Put the input on a faster or nearer disk, or add workers, so that more rows are read at once.';
