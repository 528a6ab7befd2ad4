/** The rows of a chunk as records. */
import { PackedRecords } from '../../domain/packed-records.ts';
import { recordId } from '../record-id.ts';
import { idsOf, type FileRows, type RowRecord } from '../slice-rows.ts';
import type { ColumnChunk } from './column-chunks.ts';
import type { Values } from './pages/decode-page.ts';
import type { Projection } from './projection.ts';
import { joinedCell } from './values/joined-cell.ts';
import { JsonWriter, plainOf } from './values/json-writer.ts';

interface FieldCells {
  readonly field: string;
  readonly cells: Values;
}

export function rowsOfChunk(chunk: ColumnChunk, { fields, id, joined }: Projection): FileRows {
  const { rows } = chunk;
  const own = fields.map(({ field, column }): FieldCells => ({ field, cells: chunk.cells.get(column)! }));
  let packed: PackedRecords | null = null;
  const pack = () => (packed ??= packCells(own, rows, chunk.bytes));
  const names = id === null ? null : namesOf(chunk.cells.get(id)!, id.name, chunk.firstRow);
  const record = (at: number): RowRecord => {
    const name = names === null ? null : names[at]!;
    if (name !== null && !name.ok) return { ok: false, id: null, why: name.why };
    return recordOf(own, at, name?.id ?? null, () => pack().json(at));
  };
  const isWhole = names?.every(({ ok }) => ok) ?? true;
  return {
    count: rows,
    ids: names?.map((name) => (name.ok ? name.id : null)) ?? null,
    get packed() {
      return isWhole ? pack() : null;
    },
    bytes: chunk.bytes,
    record,
    ...(joined.length > 0 && { joined: () => joinCells(joined, chunk) }),
  };
}

function joinCells(joined: Projection['joined'], { cells, rows }: ColumnChunk): PackedRecords {
  const columns = joined.map(({ name, column, type }) => ({
    key: JSON.stringify(name),
    cells: cells.get(column)!,
    type,
  }));
  const text = (row: number) =>
    columns.map(({ key, cells: own, type }) => `${key}:${joinedCell(type, own[row])}`);
  return PackedRecords.of(Array.from({ length: rows }, (_, row) => `{${text(row).join(',')}}`));
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

/** Its JSON is made only if somebody asks for it, because that of an image is large. */
function recordOf(own: readonly FieldCells[], at: number, id: string | null, json: () => string): RowRecord {
  return {
    ok: true,
    id,
    get json() {
      return json();
    },
    fields: Object.fromEntries(
      own.map(({ field, cells }) => {
        const cell = cells[at];
        return [field, cell instanceof Uint8Array ? cell : plainOf(cell)];
      }),
    ),
  };
}

const END = Buffer.from('}');

function packCells(own: readonly FieldCells[], rows: number, bytes: number): PackedRecords {
  const columns = own.map(({ field, cells }, n) => ({
    cells,
    key: Buffer.from(`${n === 0 ? '{' : ','}${JSON.stringify(field)}:`),
  }));
  const writer = new JsonWriter(bytes * 2);
  const ends = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) {
    if (columns.length === 0) writer.raw(Buffer.from('{'));
    for (const { key, cells } of columns) {
      writer.raw(key);
      writer.value(cells[row]);
    }
    writer.raw(END);
    ends[row] = writer.length;
  }
  return new PackedRecords(writer.written(), ends);
}
