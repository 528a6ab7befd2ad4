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
