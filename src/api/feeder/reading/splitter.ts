/** Splits a dataset's rows into blocks of a fixed size, lazily and from any cursor. */
import type { BlockContent, BlockRows } from '../../../shared/domain/block.ts';
import type { Cursor } from '../../../shared/domain/dataset-spec.ts';
import { gatherEarlier, type EarlierRow } from '../../../shared/domain/earlier-rows.ts';
import type { RowRef } from '../../../shared/domain/row.ts';
import { NOTHING_SKIPPED, type Skipped } from '../../../shared/domain/skipped.ts';
import type { SkippedCounter } from '../../../shared/datasets/skipped-counter.ts';
import type { DatasetSource } from '../../../shared/datasets/source.ts';

export interface SplitBlock {
  readonly block: number;
  readonly rows: BlockContent;
  /** Where reading continues after this block, with what was skipped before its last row. */
  readonly cursor: Cursor;
}

/** `limit`: the first N rows of the dataset. Null: all. Blocks start at multiples of `blockRows`. */
export async function* splitDataset(
  source: DatasetSource,
  options: {
    from: Cursor | null;
    blockRows: number;
    limit: number | null;
    signal: AbortSignal;
    tally: SkippedCounter;
  },
): AsyncGenerator<SplitBlock, void, undefined> {
  const { from, blockRows, limit, signal, tally } = options;
  let firstRow = from?.index ?? 0;
  let rows: RowRef[] = [];
  let cursor = from;
  let skipped = tally.total();
  if (limit !== null && firstRow >= limit) return;
  if (source.slices !== undefined) {
    const sizeAt = (row: number) => Math.min(blockRows, (limit ?? Infinity) - row);
    for await (const slice of source.slices(from, sizeAt, signal, tally)) {
      const { cursor: after, rows: count, firstRow: first, ...content } = slice;
      const block = Math.floor(first / blockRows);
      yield { block, rows: { firstRow: first, count, ...content }, cursor: after };
    }
    return;
  }
  let earlier: EarlierRow[] = [];
  for await (const next of source.read(from, signal, tally)) {
    rows.push(next.row);
    if (next.earlier) earlier.push(next.earlier);
    cursor = next.cursor;
    skipped = tally.total();
    const last = limit !== null && firstRow + rows.length >= limit;
    if (rows.length === blockRows || last) {
      yield {
        block: Math.floor(firstRow / blockRows),
        rows: listed(firstRow, rows, earlier),
        cursor: withSkipped(cursor, skipped),
      };
      firstRow += rows.length;
      rows = [];
      earlier = [];
    }
    if (last) return;
  }
  if (rows.length > 0 && cursor) {
    // The tally now includes what comes after the last row. The next reader would count it again.
    yield {
      block: Math.floor(firstRow / blockRows),
      rows: listed(firstRow, rows, earlier),
      cursor: withSkipped(cursor, skipped),
    };
  }
}

function listed(firstRow: number, rows: readonly RowRef[], earlier: readonly EarlierRow[]): BlockRows {
  return earlier.length === 0 ? { firstRow, rows } : { firstRow, rows, earlier: gatherEarlier(earlier) };
}

function withSkipped(cursor: Cursor, skipped: Skipped): Cursor {
  return skipped === NOTHING_SKIPPED ? cursor : { ...cursor, skipped };
}
