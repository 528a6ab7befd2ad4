/** Takes results of a delta job's rows over from the parts of the earlier output. */
import type { EarlierRows, TakenRun } from '../../shared/domain/earlier-rows.ts';
import type { Delta } from '../../shared/domain/job/delta.ts';
import { packOutcomes, sliceOutcomes, type Outcomes } from '../../shared/domain/outcomes.ts';
import { sinkOf } from '../../shared/sinks/sink-of.ts';
import type { StoredRow } from '../../shared/sinks/sink.ts';
import type { EarlierPart, EarlierParts } from './earlier-parts.ts';

/** The result of each row of a block (see RowOutcome). Null: the row must be computed. */
export type TakenResults = readonly (string | null)[];

/** What the earlier output has for the rows of a block. */
export interface Candidates {
  /** The result of the row at this position, which has this id. Null: there is none. */
  resultOf(at: number, id: string): string | null;
  /** The recorded version of the row. Null: it is not known. */
  versionOf(at: number): string | null;
  /** Approximate bytes of the results. */
  readonly bytes: number;
}

interface Candidate {
  readonly row: StoredRow;
  readonly version: string | null;
}

/** Leaves out results whose part is gone or has changed. Rejects with the errors of the storage. */
export async function readCandidates(
  parts: EarlierParts,
  delta: Delta,
  { taken }: EarlierRows,
): Promise<Candidates> {
  const sink = sinkOf(delta);
  const found = new Map<number, Candidate>();
  let bytes = 0;
  /** The part of the last run. Many runs may be of the same part. */
  let last: { readonly of: TakenRun; readonly part: EarlierPart } | null = null;
  for (const run of taken) {
    if (last === null || last.of.part !== run.part || last.of.hash !== run.hash) {
      last = { of: run, part: await parts.get(delta, run.part, run.hash) };
    }
    const { rows, versions } = last.part;
    for (let i = 0; i < run.count; i++) {
      const row = rows.get(run.index + i);
      if (row === undefined) continue;
      found.set(run.at + i, { row, version: versions.get(run.index + i) ?? null });
      bytes += row.text.length;
    }
  }
  return {
    resultOf(at, id) {
      const row = found.get(at)?.row;
      return row?.id === sink.storedId(id) ? resultOf(row) : null;
    },
    versionOf: (at) => found.get(at)?.version ?? null,
    bytes,
  };
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

/** The outcomes, in which results that are taken over replace the outcomes of their rows. */
export function withTaken(taken: TakenResults, outcomes: readonly Outcomes[]): Outcomes[] {
  const others: Outcomes[] = [];
  let first = 0;
  for (const part of outcomes) {
    const end = first + part.ends.length;
    for (let from = first; from < end;) {
      let to = from + 1;
      while (to < end && (taken[to] === null) === (taken[from] === null)) to += 1;
      if (taken[from] === null) others.push(sliceOutcomes(part, from - first, to - first));
      from = to;
    }
    first = end;
  }
  return amongTaken(taken, others);
}
