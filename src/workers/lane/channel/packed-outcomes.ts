/** The outcomes of a batch on their way from a lane. The results travel as one text. */
import type { RowError, RowOutcome } from '../../../shared/domain/row.ts';
import { packTexts, unpackTexts, type PackedTexts } from './packed-texts.ts';

export interface PackedOutcomes {
  /** The results of the rows that succeeded, in order. */
  readonly results: PackedTexts;
  /** The other rows, by position in the batch, in ascending order. */
  readonly errors: readonly { readonly at: number; readonly error: RowError }[];
}

export function packOutcomes(outcomes: readonly RowOutcome[]): PackedOutcomes {
  const results: string[] = [];
  const errors: { at: number; error: RowError }[] = [];
  for (const [at, outcome] of outcomes.entries()) {
    if (outcome.ok) results.push(outcome.result);
    else errors.push({ at, error: outcome.error });
  }
  return { results: packTexts(results), errors };
}

export function unpackOutcomes({ results, errors }: PackedOutcomes): RowOutcome[] {
  const outcomes = unpackTexts(results, (result): RowOutcome => ({ ok: true, result }));
  if (errors.length === 0) return outcomes;
  const good = outcomes.values();
  const failed = new Map(errors.map(({ at, error }) => [at, error]));
  return Array.from({ length: outcomes.length + errors.length }, (_, at): RowOutcome => {
    const error = failed.get(at);
    return error === undefined ? good.next().value! : { ok: false, error };
  });
}
