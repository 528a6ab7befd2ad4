/** The rows of a chunk as records. */
import { ColumnRows, type CellColumn } from '../../domain/column-rows.ts';
import { PackedRecords } from '../../domain/packed-records.ts';
import { recordsOf } from '../../rows/column-records.ts';
import { plainOf } from '../../text/json-writer.ts';
import { recordId } from '../record-id.ts';
import { idsOf, type FileRows, type RowRecord } from '../slice-rows.ts';
import type { ColumnChunk } from './column-chunks.ts';
import type { Values } from './pages/decode-page.ts';
import type { Projection } from './projection.ts';
import { joinedCell } from './values/joined-cell.ts';

export function rowsOfChunk(chunk: ColumnChunk, { fields, id, joined }: Projection): FileRows {
  const { rows, badRows } = chunk;
  const own = fields.map(({ field, column }) => ({ name: field, cells: chunk.cells.get(column)! }));
  const columns = ColumnRows.of(own, rows);
  let packed: PackedRecords | null = null;
  const pack = () => (packed ??= recordsOf(columns, chunk.bytes * 2));
  const names = id === null ? null : namesOf(chunk.cells.get(id)!, id.name, chunk.firstRow);
  const record = (at: number): RowRecord => {
    const name = names === null ? null : names[at]!;
    const bad = badRows.get(at);
    if (bad !== undefined) return { ok: false, id: name?.ok ? name.id : null, why: bad };
    if (name !== null && !name.ok) return { ok: false, id: null, why: name.why };
    return recordOf(own, at, name?.id ?? null, () => pack().json(at));
  };
  const isWhole = badRows.size === 0 && (names?.every(({ ok }) => ok) ?? true);
  return {
    count: rows,
    ids: names?.map((name) => (name.ok ? name.id : null)) ?? null,
    get packed() {
      return isWhole ? pack() : null;
    },
    columns: isWhole ? columns : null,
    bytes: chunk.bytes,
    record,
    // Rows without ids are named by these numbers.
    ...(names !== null && { place: (at: number) => `row ${chunk.firstRow + at}` }),
    ...(joined.length > 0 && { joined: () => joinCells(joined, chunk) }),
  };
}

function joinCells(joined: Projection['joined'], { cells, rows, badRows }: ColumnChunk): PackedRecords {
  const columns = joined.map(({ name, column, type }) => ({
    key: JSON.stringify(name),
    cells: cells.get(column)!,
    type,
  }));
  const text = (row: number) =>
    columns.map(({ key, cells: own, type }) => `${key}:${joinedCell(type, own[row])}`);
  return PackedRecords.of(
    Array.from({ length: rows }, (_, row) => (badRows.has(row) ? '' : `{${text(row).join(',')}}`)),
  );
}

/** Rows that cannot be read. They keep their ids, because other readers see only the ids. `names`: null if they have none. */
export function lostRows(why: string, rows: number, names: readonly Name[] | null): FileRows {
  const records = Array.from({ length: rows }, (_, at): RowRecord => {
    const name = names?.[at];
    return { ok: false, id: name?.ok === true ? name.id : null, why };
  });
  return {
    count: rows,
    ids: idsOf(records),
    packed: null,
    bytes: 0,
    record: (at) => records[at]!,
    joined: () => PackedRecords.of(records.map(() => '')),
  };
}

export type Name =
  | { readonly ok: true; readonly id: string | null }
  | { readonly ok: false; readonly why: string };

/** `column`: its name. `firstRow`: in the file. */
export function namesOf(cells: Values, column: string, firstRow: number): Name[] {
  return Array.from(cells, (cell, at) => {
    const found = recordId(cell, column);
    return found.ok ? found : { ok: false, why: `row ${firstRow + at} ${found.why}` };
  });
}

/** Its JSON is made only if somebody asks for it, because the JSON of an image is large. */
function recordOf(own: readonly CellColumn[], at: number, id: string | null, json: () => string): RowRecord {
  return {
    ok: true,
    id,
    get json() {
      return json();
    },
    fields: Object.fromEntries(
      own.map(({ name, cells }) => {
        const cell = cells[at];
        return [name, cell instanceof Uint8Array ? cell : plainOf(cell)];
      }),
    ),
  };
}
