/** Takes results of a delta job's rows over from the parts of the earlier output. */
import type { BlockRows } from '../../shared/domain/block.ts';
import type { TakenRun } from '../../shared/domain/earlier-rows.ts';
import type { JobSpec } from '../../shared/domain/job/job.ts';
import { packOutcomes, sliceOutcomes, type Outcomes } from '../../shared/domain/outcomes.ts';
import { ForebayError } from '../../shared/errors.ts';
import { sinkOf } from '../../shared/sinks/sink-of.ts';
import type { StoredRow } from '../../shared/sinks/sink.ts';
import type { Outputs } from '../../shared/storage/output.ts';
import { readBlock, type PublishedBlock } from '../../shared/storage/read-part.ts';

/** The result of each row of a block (see RowOutcome). Null: the row must be computed. */
export type TakenResults = readonly (string | null)[];

/** Leaves out results whose part is gone or has changed. Rejects with the errors of the storage. */
export async function readTaken(
  outputs: Outputs,
  { delta }: Pick<JobSpec, 'delta'>,
  { rows, earlier }: BlockRows,
): Promise<TakenResults> {
  const results: (string | null)[] = rows.map(() => null);
  if (delta === undefined || earlier === undefined) return results;
  const sink = sinkOf(delta);
  let part: { readonly of: TakenRun; readonly rows: ReadonlyMap<number, StoredRow> } | null = null;
  for (const run of earlier.taken) {
    if (part?.of.part !== run.part) {
      const found: PublishedBlock | null = await readBlock(
        outputs.of(delta.output),
        run.part,
        sink,
        false,
      ).catch(nullIfDamaged);
      const stored: readonly StoredRow[] = found?.partHash === run.hash ? await found.results() : [];
      part = { of: run, rows: new Map(stored.map((row) => [row.index, row])) };
    }
    for (let i = 0; i < run.count; i++) {
      const row = part.rows.get(run.index + i);
      const isSame = row !== undefined && row.id === sink.storedId(rows[run.at + i]!.id);
      if (isSame) results[run.at + i] = resultOf(row);
    }
  }
  return results;
}

/** What somebody has changed is computed again. */
function nullIfDamaged(error: unknown): null {
  if (error instanceof ForebayError && error.code === 'output_changed') return null;
  throw error;
}

/** The fields of a stored row without its index and id. Null for a line that Forebay did not write. */
function resultOf({ index, id, text }: StoredRow): string | null {
  const head = `{"index":${index},"id":${JSON.stringify(id)}`;
  const end = text.lastIndexOf('}');
  if (!text.startsWith(head) || end < head.length) return null;
  return text.slice(text[head.length] === ',' ? head.length + 1 : head.length, end);
}

/** `others`: the outcomes of the rows without a taken result, in order. */
export function amongTaken(taken: TakenResults, others: readonly Outcomes[]): Outcomes[] {
  const merged: Outcomes[] = [];
  let part = 0;
  let at = 0;
  for (let row = 0; row < taken.length;) {
    const isTaken = taken[row] !== null;
    let end = row + 1;
    while (end < taken.length && (taken[end] !== null) === isTaken) end += 1;
    if (isTaken) {
      const found = taken.slice(row, end);
      merged.push(packOutcomes(found.map((result) => ({ ok: true, result: result! }))));
    }
    for (let left = isTaken ? 0 : end - row; left > 0;) {
      const outcomes = others[part]!;
      const count = Math.min(left, outcomes.ends.length - at);
      if (count > 0) merged.push(sliceOutcomes(outcomes, at, at + count));
      at += count;
      left -= count;
      if (at < outcomes.ends.length) continue;
      part += 1;
      at = 0;
    }
    row = end;
  }
  return merged;
}
