/** The rows of a batch, or a part of them. */
import { ColumnRows } from '../../shared/domain/column-rows.ts';
import { PackedRecords } from '../../shared/domain/packed-records.ts';
import { recordsOf } from '../../shared/rows/column-records.ts';
import type { LaneInput } from './messages.ts';

/** Rows in order. Records come in one piece if they were read so. */
export type LaneRows = readonly LaneInput[] | PackedRecords | ColumnRows;

export function joinRows(parts: readonly LaneRows[]): LaneRows {
  if (parts.length === 1) return parts[0]!;
  const records = ofKind(parts, PackedRecords);
  if (records.length === parts.length) return PackedRecords.join(records);
  const columns = ofKind(parts, ColumnRows);
  return columns.length === parts.length ? ColumnRows.join(columns) : parts.flatMap(listOf);
}

function ofKind<T extends LaneRows>(parts: readonly LaneRows[], kind: abstract new (...of: never) => T): T[] {
  return parts.filter((part): part is T => part instanceof kind);
}

export function listOf(rows: LaneRows): readonly LaneInput[] {
  if (rows instanceof ColumnRows) return listOf(recordsOf(rows));
  if (!(rows instanceof PackedRecords)) return rows;
  return Array.from(rows.ends, (_, at) => ({ json: rows.json(at) }));
}

function isList(rows: LaneRows): rows is readonly LaneInput[] {
  return Array.isArray(rows);
}

/** Bytes of rows that travel to the lane as files. */
export function fileBytesIn(rows: LaneRows): number {
  if (!isList(rows)) return 0;
  return rows.reduce((sum, row) => sum + ('bytes' in row ? row.bytes.length : 0), 0);
}

/** The versions of files by content, as Outcomes has them. Undefined if none were asked for. */
export function digestsOf(rows: LaneRows): (string | null)[] | undefined {
  if (!isList(rows) || !rows.some(asksForDigest)) return undefined;
  return rows.map((row) => ('path' in row ? (row.digest ?? null) : null));
}

function asksForDigest(row: LaneInput): boolean {
  return 'path' in row && row.known !== undefined;
}

/** The versions of the files that the lane has opened for the rows, as Outcomes has them. Undefined if it opened none. */
export function stampsOf(rows: LaneRows): Float64Array | undefined {
  if (!isList(rows)) return undefined;
  let stamps: Float64Array | undefined;
  for (const [at, row] of rows.entries()) {
    if (!('path' in row) || row.opened === undefined) continue;
    stamps ??= new Float64Array(2 * rows.length).fill(Number.NaN);
    stamps[2 * at] = row.opened.size;
    stamps[2 * at + 1] = row.opened.mtimeMs;
  }
  return stamps;
}
