/**
 * Takes a bounded look at a dataset. Finds how many rows it has, and picks rows for a plan to try. Uses constant
 * memory.
 */
import { locateRow } from '../../shared/datasets/locate.ts';
import type { DatasetSource } from '../../shared/datasets/source.ts';
import type { DatasetSpec } from '../../shared/domain/dataset-spec.ts';
import type { RowRef } from '../../shared/domain/row.ts';
import type { RowKind, RowsKnown } from './facts.ts';

export interface LookLimits {
  /** Rows that are taken from the beginning. */
  readonly firstRows: number;
  /** Maximum number of rows that are taken from the rest, evenly spaced. */
  readonly spreadRows: number;
  /** Maximum number of rows that are read as candidates. */
  readonly seenRows: number;
  readonly seenMs: number;
  readonly countMs: number;
}

export const LOOK: LookLimits = {
  firstRows: 64,
  spreadRows: 192,
  seenRows: 10_000,
  seenMs: 1_000,
  countMs: 2_000,
};

export interface Look {
  readonly sample: readonly RowRef[];
  readonly rows: RowsKnown;
}

/** `limit`: looks at only the first N rows of the dataset. Null: all rows. Rejects with the errors of the source. */
export async function lookAt(
  source: DatasetSource,
  limit: number | null,
  bounds: LookLimits = LOOK,
  now: () => number = () => performance.now(),
): Promise<Look> {
  const first: RowRef[] = [];
  const spread = createSpread(bounds.spreadRows);
  const most = Math.min(limit ?? Infinity, bounds.seenRows);
  const startedAt = now();
  let seen = 0;
  let ended = true;
  for await (const { row } of source.read(null, new AbortController().signal)) {
    if (seen >= most || now() - startedAt > bounds.seenMs) {
      ended = seen === limit;
      break;
    }
    seen += 1;
    if (first.length < bounds.firstRows) first.push(row);
    else spread.add(row);
  }
  const sample = [...first, ...spread.rows()];
  if (ended) return { sample, rows: { total: seen, atLeast: seen, why: null } };
  return { sample, rows: await count(source, limit, seen, bounds.countMs) };
}

async function count(
  source: DatasetSource,
  limit: number | null,
  seen: number,
  ms: number,
): Promise<RowsKnown> {
  const timeUp = AbortSignal.timeout(ms);
  try {
    const total = await source.count(limit ?? Infinity, timeUp);
    if (!timeUp.aborted) return { total, atLeast: total, why: null };
  } catch (error) {
    if (!timeUp.aborted) throw error;
  }
  return { total: null, atLeast: seen, why: `counting them takes longer than ${ms / 1000} s` };
}

/** Keeps every n-th row of an unknown number of rows. Doubles n when it holds too many. */
function createSpread(most: number) {
  let kept: RowRef[] = [];
  let every = 1;
  let added = 0;
  return {
    add(row: RowRef): void {
      if (added++ % every !== 0) return;
      kept.push(row);
      if (kept.length <= most) return;
      kept = kept.filter((_, i) => i % 2 === 0);
      every *= 2;
    },
    rows: (): readonly RowRef[] => kept,
  };
}

/** Counts rows by where their bytes are. */
export function countKinds(dataset: DatasetSpec, rows: readonly RowRef[]): Record<RowKind, number> {
  const counts = { file: 0, url: 0, blob: 0, record: 0, invalid: 0 };
  for (const row of rows) {
    const { kind } = locateRow(dataset, row);
    counts[kind === 'table_row' || kind === 'archive_row' ? 'record' : kind] += 1;
  }
  return counts;
}
