/** A number that Forebay chose, with the constraint that bound it. Changing that constraint changes the number. */

export const BOUND_BY = [
  /** Cores of the cgroup. */
  'cpus',
  /** Memory of the cgroup. */
  'memory',
  /** A setting of the process (FOREBAY_*, or its flag). */
  'setting',
  /** An option of the job. */
  'option',
  /** model.json. */
  'model_config',
  /** The graph's own shape. */
  'graph',
  /** A profile of this model, measured on this machine. */
  'profile',
  /** Bytes of one row's input tensor. */
  'sample_size',
  /** Bytes of rows in flight. */
  'inflight_bytes',
  'batch_size',
  'lanes',
  /** A fixed upper bound in Forebay. */
  'ceiling',
  /** A fixed lower bound in Forebay. */
  'floor',
] as const;
export type BoundBy = (typeof BOUND_BY)[number];

export interface Choice {
  readonly value: number;
  readonly boundBy: BoundBy;
  /** How it was computed, in a few words. */
  readonly why: string;
}

/** The smallest of several upper bounds. Of equal ones, the first. */
export function tightest(first: Choice, ...others: readonly Choice[]): Choice {
  return others.reduce((least, limit) => (limit.value < least.value ? limit : least), first);
}
