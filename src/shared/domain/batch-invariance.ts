/** Whether a model's answer to a row depends on the rows that share its batch: the verdict and what to do about it. */

export type BatchVerdict = (typeof BATCH_VERDICTS)[number];

/**
 * `invariant`: no row's answer moved by more than rounding. `variant`: some did. `fixed_batch`: the graph takes
 * one row at a time, so that rows never share a call. `unknown`: too slow to probe, or it failed on the probe's images.
 */
export const BATCH_VERDICTS = ['invariant', 'variant', 'fixed_batch', 'unknown'] as const;

export interface BatchInvariance {
  readonly verdict: BatchVerdict;
  /** Largest change of any output seen between alone and in a batch, in the output's own unit; finite. */
  readonly maxDifference: number;
  /** Rows a call where it was seen; where none moved, the most that were tried. */
  readonly batch: number;
}

const GRAVITY: Readonly<Record<BatchVerdict, number>> = {
  variant: 3,
  unknown: 2,
  invariant: 1,
  fixed_batch: 0,
};

/** Of several machines' verdicts on one model the one to act on; null of none. */
export function gravest(verdicts: readonly (BatchInvariance | null | undefined)[]): BatchInvariance | null {
  let worst: BatchInvariance | null = null;
  for (const one of verdicts) {
    if (!one) continue;
    const more = worst === null ? 1 : GRAVITY[one.verdict] - GRAVITY[worst.verdict];
    if (more > 0 || (more === 0 && one.maxDifference > worst!.maxDifference)) worst = one;
  }
  return worst;
}

/** One sentence for people; null where there is nothing to do. */
export function batchAdvice(model: string, { verdict, maxDifference }: BatchInvariance): string | null {
  if (verdict !== 'variant') return null;
  const most = Number(maxDifference.toPrecision(2));
  return `answers of model ${model} change with the batch they share (outputs by up to ${most}): use --batch-size 1 for repeatable results, or a static quantisation`;
}
