/** A number that Forebay chose, with the constraint that bound it: what to change to get another one. */

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
  /** A measured profile of this model on this machine. */
  'profile',
  /** Bytes of one row's input tensor. */
  'sample_size',
  /** Bytes of rows in flight. */
  'inflight_bytes',
  'batch_size',
  'lanes',
  /** A fixed upper bound of Forebay's own. */
  'ceiling',
  /** A fixed lower bound of Forebay's own. */
  'floor',
] as const;
export type BoundBy = (typeof BOUND_BY)[number];

export interface Choice {
  readonly value: number;
  readonly boundBy: BoundBy;
  /** The sum behind it, in a few words. */
  readonly why: string;
}

/** The smallest of several upper bounds, the first of equals. */
export function tightest(first: Choice, ...others: readonly Choice[]): Choice {
  return others.reduce((least, limit) => (limit.value < least.value ? limit : least), first);
}
