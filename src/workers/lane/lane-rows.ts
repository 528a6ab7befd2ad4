/** The rows of a batch, or a part of them. */
import { PackedRecords } from '../../shared/domain/packed-records.ts';
import type { LaneInput } from './messages.ts';

/** Rows in order. Records come in one piece if they were read so. */
export type LaneRows = readonly LaneInput[] | PackedRecords;

export function joinRows(parts: readonly LaneRows[]): LaneRows {
  if (parts.length === 1) return parts[0]!;
  const records: PackedRecords[] = [];
  for (const part of parts) if (part instanceof PackedRecords) records.push(part);
  return records.length === parts.length ? PackedRecords.join(records) : parts.flatMap(listOf);
}

export function listOf(rows: LaneRows): readonly LaneInput[] {
  if (!(rows instanceof PackedRecords)) return rows;
  return Array.from(rows.ends, (_, at) => ({ json: rows.json(at) }));
}

/** The versions of files by content, as Outcomes has them. Undefined if none were asked for. */
export function digestsOf(rows: LaneRows): (string | null)[] | undefined {
  if (rows instanceof PackedRecords || !rows.some(asksForDigest)) return undefined;
  return rows.map((row) => ('path' in row ? (row.digest ?? null) : null));
}

function asksForDigest(row: LaneInput): boolean {
  return 'path' in row && row.known !== undefined;
}

/** The versions of the files that the lane has opened for the rows, as Outcomes has them. Undefined if it opened none. */
export function stampsOf(rows: LaneRows): Float64Array | undefined {
  if (rows instanceof PackedRecords) return undefined;
  let stamps: Float64Array | undefined;
  for (const [at, row] of rows.entries()) {
    if (!('path' in row) || row.opened === undefined) continue;
    stamps ??= new Float64Array(2 * rows.length).fill(Number.NaN);
    stamps[2 * at] = row.opened.size;
    stamps[2 * at + 1] = row.opened.mtimeMs;
  }
  return stamps;
}
