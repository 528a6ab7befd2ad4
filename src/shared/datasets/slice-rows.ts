/** The rows of a slice, as the worker reads them from the file. */
import type { ErrorCode } from '../errors.ts';
import type { Fields } from '../domain/columns.ts';
import type { PackedRecords } from '../domain/packed-records.ts';

/** One row of a table: named values that feed the model's task. */
export type RowRecord =
  | {
      readonly ok: true;
      /** Null: the id of the row is its index. */
      readonly id: string | null;
      /** The fields as a JSON object, for tasks that read records. */
      readonly json: string;
      /** The same values as in `json`, but bytes are a Uint8Array here. */
      readonly fields: Readonly<Record<string, unknown>>;
      /** The row is a whole file, and these are its bytes. Then there are no fields. */
      readonly file?: Uint8Array;
      /** All columns of the row by their own names, where `fields` are others. */
      readonly columns?: Fields;
    }
  /** `why`: a sentence without a full stop. `code`: that of the row's error, if it is not `invalid_row`. */
  | { readonly ok: false; readonly id: string | null; readonly why: string; readonly code?: ErrorCode };

/** Consecutive rows of a slice. */
export interface SliceRows {
  readonly count: number;
  /** Null: the id of each row is its index. */
  readonly ids: readonly string[] | null;
  /** All records as JSON, unread. Null if one of them is known to be invalid, or if they are not JSON. */
  readonly packed: PackedRecords | null;
  /** Approximate bytes of the rows in memory. */
  readonly bytes: number;
  /** Reads a record. */
  record(at: number): RowRecord;
  /**
   * The columns that go to the output: a compact JSON object per row, or nothing for a row that is invalid. Absent if the
   * job joins none. Call it at most once.
   */
  joined?(): PackedRecords;
}

/** Rows that have been read one by one. `firstRow`: index of the first one, which names rows without an id. */
export function listedRows(records: readonly RowRecord[], firstRow: number): SliceRows {
  return {
    count: records.length,
    ids: idsOf(records, firstRow),
    packed: null,
    bytes: records.reduce((sum, record) => sum + (record.ok ? record.json.length : 0), 0),
    record: (at) => records[at]!,
  };
}

export function idsOf(records: readonly RowRecord[], firstRow: number): string[] {
  return records.map(({ id }, at) => id ?? String(firstRow + at));
}
