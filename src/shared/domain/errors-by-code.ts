/** Counts the failed rows of a block by error code. */
import type { Outcomes } from './outcomes.ts';

export function errorsByCode(outcomes: readonly Outcomes[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { errors } of outcomes) {
    for (const { error } of errors) counts[error.code] = (counts[error.code] ?? 0) + 1;
  }
  return counts;
}
