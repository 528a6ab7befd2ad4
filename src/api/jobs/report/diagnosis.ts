/** What a diagnosis says: the bottleneck of a job, the figure that shows it, and what to change. */

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
  /** The figure behind it, 0 to 1, as `why` words it. Null where there is none. */
  readonly share: number | null;
  /** What was measured, without a full stop. */
  readonly why: string;
  /** What to change, in one sentence. */
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
