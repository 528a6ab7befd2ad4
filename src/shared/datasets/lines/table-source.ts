/**
 * A table in a text file: one row per line, or per record of several lines. Blocks are slices of the file, which
 * are cut by finding the ends of lines. Rows can also be listed one by one, for a retry or a sample.
 */
import type { Cursor } from '../../domain/dataset-spec.ts';
import type { RowRef } from '../../domain/row.ts';
import { InvariantError } from '../../errors.ts';
import { checkVersion, withFile, type ByteFile, type ByteFiles } from '../bytes/byte-file.ts';
import { invalidAt } from '../row-reference.ts';
import type { RowRecord } from '../slice-rows.ts';
import type { DatasetSource, Slice, SourceRow } from '../source.ts';
import { countPlaces } from './count-lines.ts';
import { encodeRange } from './line-range.ts';
import type { LinePlaces } from './lines.ts';
import type { LineRange } from './raw-lines.ts';

export interface TableLines<Lines extends LinePlaces> {
  readonly path: string;
  /** The range of all rows. */
  readonly all: LineRange;
  /** The lines of a range in batches, each valid until the next one. */
  lines(file: ByteFile, range: LineRange, signal: AbortSignal): AsyncIterable<Lines>;
  /** Reads the row of a line that is not blank. */
  record(lines: Lines, at: number): RowRecord;
  /** For a list of other files: the row that a record stands for. */
  toRow?(record: RowRecord, line: number): RowRef;
}

/** `nameOf`: names a row that the file does not name, by its position in the file. */
export function createTableSource<Lines extends LinePlaces>(
  table: TableLines<Lines>,
  files: ByteFiles,
  nameOf: (row: number) => string = String,
) {
  const { path } = table;
  return {
    async *read(from: Cursor | null, signal: AbortSignal): AsyncGenerator<SourceRow> {
      let index = from?.index ?? 0;
      const { range } = positionOf(from, table.all);
      const file = await files.open(path, signal);
      try {
        for await (const lines of table.lines(file, range, signal)) {
          for (let i = 0; i < lines.count; i++) {
            if (lines.isBlank(i)) continue;
            signal.throwIfAborted();
            const line = lines.number(i);
            const end = lines.end(i);
            const record = table.record(lines, i);
            const range = { from: lines.start(i), to: end, line };
            const row = table.toRow?.(record, line) ?? {
              id: record.id ?? nameOf(index),
              at: record.ok ? encodeRange(range) : invalidAt(record.why),
            };
            yield { row, cursor: { index: ++index, at: `${end}@${line + lines.height(i)}` } };
          }
        }
      } finally {
        await file.close();
      }
    },

    count: async (limit: number, signal: AbortSignal) =>
      withFile(files, path, signal, async (file) => countPlaces(table.lines(file, table.all, signal), limit)),

    async *slices(
      from: Cursor | null,
      sizeAt: (row: number) => number,
      signal: AbortSignal,
    ): AsyncGenerator<Slice> {
      const { range, version } = positionOf(from, table.all);
      const file = await files.open(path, signal);
      try {
        if (version !== null) checkVersion(file, version);
        yield* cutSlices(table, file, range, from?.index ?? 0, sizeAt, signal);
      } finally {
        await file.close();
      }
    },
  } satisfies DatasetSource;
}

async function* cutSlices(
  table: TableLines<LinePlaces>,
  file: ByteFile,
  range: LineRange,
  first: number,
  sizeAt: (row: number) => number,
  signal: AbortSignal,
): AsyncGenerator<Slice> {
  const check = file.version;
  let firstRow = first;
  let size = sizeAt(firstRow);
  let open: { readonly from: number; readonly line: number; to: number; next: number; rows: number } | null =
    null;
  const close = (): Slice => {
    const { from, to, line, next, rows } = open!;
    const ref = encodeRange({ from, to, line });
    const cursor = { index: firstRow + rows, at: `${to}@${next} ${check}` };
    const slice = { firstRow, rows, ref, check, cursor };
    firstRow += rows;
    size = sizeAt(firstRow);
    open = null;
    return slice;
  };
  for await (const lines of table.lines(file, range, signal)) {
    signal.throwIfAborted();
    for (let i = 0; i < lines.count; i++) {
      if (lines.isBlank(i)) continue;
      if (size <= 0) return;
      const line = lines.number(i);
      open ??= { from: lines.start(i), line, to: 0, next: 0, rows: 0 };
      open.to = lines.end(i);
      open.next = line + lines.height(i);
      open.rows += 1;
      if (open.rows === size) yield close();
    }
  }
  if (open !== null) yield close();
}

/** `version`: the file's, while its slices are being cut. Null at the start, and if rows are read one by one. */
function positionOf(
  from: Cursor | null,
  all: LineRange,
): { readonly range: LineRange; readonly version: string | null } {
  if (from === null || from.index === 0) return { range: all, version: null };
  const [, offset, line, version] = /^(\d+)@(\d+)(?: (.+))?$/.exec(from.at) ?? [];
  if (offset === undefined) throw new InvariantError(`cursor at "${from.at}"`);
  return { range: { from: Number(offset), to: all.to, line: Number(line) }, version: version ?? null };
}
