/** Writes rows of columns as records, for tasks that read records one by one. */
import type { ColumnPiece, ColumnRows } from '../domain/column-rows.ts';
import { PackedRecords } from '../domain/packed-records.ts';
import { JsonWriter } from '../text/json-writer.ts';

const START = Buffer.from('{');
const END = Buffer.from('}');
const MINUS_ZERO = Buffer.from('-0');
/** Expected bytes of a value with its name. */
const VALUE_BYTES = 24;

/** `bytes`: an estimate of the size of the records. */
export function recordsOf({ pieces, length: rows }: ColumnRows, bytes = 0): PackedRecords {
  const width = pieces[0]?.columns.length ?? 0;
  const writer = new JsonWriter(Math.max(bytes, rows * width * VALUE_BYTES));
  const ends = new Uint32Array(rows);
  let row = 0;
  for (const piece of pieces) row = writePiece(piece, writer, ends, row);
  return new PackedRecords(writer.written(), ends);
}

function writePiece(
  { columns, from, to }: ColumnPiece,
  writer: JsonWriter,
  ends: Uint32Array,
  first: number,
): number {
  const fields = columns.map(({ name, cells, hasMinusZero }, n) => ({
    cells,
    hasMinusZero,
    key: Buffer.from(`${n === 0 ? '{' : ','}${JSON.stringify(name)}:`),
  }));
  let row = first;
  for (let at = from; at < to; at++) {
    if (fields.length === 0) writer.raw(START);
    for (const { key, cells, hasMinusZero } of fields) {
      writer.raw(key);
      if (hasMinusZero && Object.is(cells[at], -0)) writer.raw(MINUS_ZERO);
      else writer.value(cells[at]);
    }
    writer.raw(END);
    ends[row++] = writer.length;
  }
  return row;
}
