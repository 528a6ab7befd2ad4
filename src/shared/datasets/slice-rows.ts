/** The rows of a slice, as the worker reads them from the file. */
import type { ErrorCode } from '../errors.ts';
import type { Fields } from '../domain/columns.ts';
import type { ColumnRows } from '../domain/column-rows.ts';
import type { PackedRecords } from '../domain/packed-records.ts';
import { partRowName } from './parts/part-row-name.ts';

/** One row of a table: named values that feed the model's task. */
export type RowRecord =
  | {
      readonly ok: true;
      /** Null: the file does not name the row. */
      readonly id: string | null;
      /** The fields as a JSON object, for tasks that read records. */
      readonly json: string;
      /** The same values as in `json`, but bytes are a Uint8Array here. */
      readonly fields: Readonly<Record<string, unknown>>;
      /** The row is a whole file, and these are its bytes. Then there are no fields. */
      readonly file?: Uint8Array;
      /** All columns of the row by their own names. Only rows of archives have them, for joins. */
      readonly columns?: Fields;
      /** The JSON of those columns whose values have lost digits. */
      readonly exact?: ReadonlyMap<string, string> | undefined;
    }
  /** `why`: a sentence without a full stop. `code`: that of the row's error, if it is not `invalid_row`. */
  | { readonly ok: false; readonly id: string | null; readonly why: string; readonly code?: ErrorCode };

/** Consecutive rows, as a format reads them from a file. */
export interface FileRows {
  readonly count: number;
  /** Null for a row that the file does not name. Null for all: it names none. */
  readonly ids: readonly (string | null)[] | null;
  /** All records as JSON, not parsed. Null if one of them is known to be invalid, or if they are not JSON. */
  readonly packed: PackedRecords | null;
  /** The same records as columns. Null or absent: the format has no columns, or a record is known to be invalid. */
  readonly columns?: ColumnRows | null;
  /** Approximate bytes of the rows in memory. */
  readonly bytes: number;
  /** Reads a record. */
  record(at: number): RowRecord;
  /** Where the row is in the file, such as `line 3`. Absent: the names of the rows say so. */
  place?(at: number): string;
  /**
   * The columns that go to the output, as `joinedRecord` gives them, or nothing for a row that is invalid. Absent if the
   * job joins none. Call it at most once.
   */
  joined?(): PackedRecords;
  /** Call it once nobody has the records any more, or not at all. Their memory is then used again. */
  readonly recycle?: () => void;
}

/** Consecutive rows of a slice. */
export interface SliceRows extends FileRows {
  /** Null: the id of each row is its index. */
  readonly ids: readonly string[] | null;
}

/** Names the rows that the file does not name, by their index. */
export function namedRows(rows: FileRows, firstRow: number): SliceRows {
  const { ids } = rows;
  return withIds(rows, ids && ids.map((id, at) => id ?? String(firstRow + at)), {
    record: (at) => rows.record(at),
    ...(rows.place && { place: (at: number) => rows.place!(at) }),
  });
}

/** The same for a table in several files. `file`: the name of this one. `firstRow`: in the file. */
export function namedRowsOf(file: string, rows: FileRows, firstRow: number): SliceRows {
  const { count, ids } = rows;
  const nameOf = partRowName(file);
  const names = Array.from({ length: count }, (_, at) => ids?.[at] ?? nameOf(firstRow + at));
  return withIds(rows, names, {
    record(at) {
      const record = rows.record(at);
      return record.ok ? record : { ...record, why: placed(file, record.why) };
    },
    place: (at) => (rows.place ? placed(file, rows.place(at)) : file),
  });
}

/** What is wrong, after the place where it is. */
export function placed(place: string, problem: string): string {
  return `${place}: ${problem}`;
}

function withIds(
  rows: FileRows,
  ids: readonly string[] | null,
  own: Pick<FileRows, 'record' | 'place'>,
): SliceRows {
  const { count, bytes, columns = null, recycle } = rows;
  return {
    count,
    ids,
    // Made only if somebody asks for it.
    get packed() {
      return rows.packed;
    },
    columns,
    bytes,
    ...own,
    ...(rows.joined && { joined: () => rows.joined!() }),
    ...(recycle && { recycle }),
  };
}

/** Rows that have been read one by one. */
export function listedRows(records: readonly RowRecord[]): FileRows {
  return {
    count: records.length,
    ids: idsOf(records),
    packed: null,
    bytes: records.reduce((sum, record) => sum + (record.ok ? record.json.length : 0), 0),
    record: (at) => records[at]!,
  };
}

export function idsOf(records: readonly RowRecord[]): (string | null)[] {
  return records.map(({ id }) => id);
}
