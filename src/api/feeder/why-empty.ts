/** Says why a dataset has no row: what was skipped, and which pattern nearly matches. */
import type { DatasetSource } from '../../shared/datasets/source.ts';
import { skippedPhrases } from '../../shared/domain/skipped-text.ts';
import type { Skipped } from '../../shared/domain/skipped.ts';

/** Null if the dataset is simply empty. */
export async function whyEmpty(
  source: DatasetSource,
  skipped: Skipped,
  signal: AbortSignal,
): Promise<string | null> {
  const nearMiss = (await source.whyEmpty?.(signal)) ?? null;
  const phrases = skippedPhrases(skipped);
  const leftOut = phrases.length === 0 ? null : `Left out: ${phrases.join('; ')}.`;
  return [nearMiss, leftOut].filter((sentence) => sentence !== null).join(' ') || null;
}
