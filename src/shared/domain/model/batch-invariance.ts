/** Whether a model's answer to a row depends on the other rows of its batch, and what to do about it. */

export type BatchVerdict = (typeof BATCH_VERDICTS)[number];

/**
 * `invariant`: no row's answer changed by more than rounding. `variant`: some row's did. `fixed_batch`: the graph takes
 * one row per call. `unknown`: the model is too slow to probe, or failed on the probe's rows.
 */
export const BATCH_VERDICTS = ['invariant', 'variant', 'fixed_batch', 'unknown'] as const;

export interface BatchInvariance {
  readonly verdict: BatchVerdict;
  /** Largest difference of any output between a row alone and in a batch, in the output's own unit. Finite. */
  readonly maxDifference: number;
  /** Rows per call with that difference. If there was none, the highest number of rows that was tried. */
  readonly batch: number;
}

const GRAVITY: Readonly<Record<BatchVerdict, number>> = {
  variant: 3,
  unknown: 2,
  invariant: 1,
  fixed_batch: 0,
};

/** The worst of several machines' verdicts on one model. Null if there is none. */
export function gravest(verdicts: readonly (BatchInvariance | null | undefined)[]): BatchInvariance | null {
  let worst: BatchInvariance | null = null;
  for (const one of verdicts) {
    if (!one) continue;
    const more = worst === null ? 1 : GRAVITY[one.verdict] - GRAVITY[worst.verdict];
    if (more > 0 || (more === 0 && one.maxDifference > worst!.maxDifference)) worst = one;
  }
  return worst;
}

/** One sentence for users. Null if no action is needed. */
export function batchAdvice(model: string, { verdict, maxDifference }: BatchInvariance): string | null {
  if (verdict !== 'variant') return null;
  const most = Number(maxDifference.toPrecision(2));
  return `answers of model ${model} depend on the other rows of their batch (outputs differ by up to ${most}): use --batch-size 1 for repeatable results, or a static quantisation`;
}
