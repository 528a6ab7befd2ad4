/**
 * Reads the rows of a CSV file as columns of numbers, straight from their bytes. What is not a plain number or a missing
 * value is left to the row writer, so both ways give the same values and the same errors.
 */
import { isUtf8 } from 'node:buffer';
import { ColumnRows } from '../../domain/column-rows.ts';
import { PlainNumber } from '../../text/plain-number.ts';
import { recordId } from '../record-id.ts';
import type { CellPlan } from './cell-plan.ts';
import { CellReader } from './cell-reader.ts';
import { afterSpaces, beforeSpaces, isNumber } from './cell-values.ts';
import type { FoundRecords } from './found-records.ts';

const MINUS = 0x2d;
const WRONG = -1;

export interface NumberRows {
  readonly columns: ColumnRows;
  /** Null: no column names the rows. */
  readonly ids: readonly (string | null)[] | null;
  /** Bytes of the columns. */
  readonly bytes: number;
}

/** Null if one of the rows holds something else, or is wrong. */
export function numberColumns(records: FoundRecords, plan: CellPlan): NumberRows | null {
  const fed = plan.targets.flat();
  if (fed.length === 0 || fed.some(({ isText }) => isText)) return null;
  const { view, count } = records;
  if (!isUtf8(records.bytes(0, count))) return null;
  const reader = new NumberRowReader(plan, count);
  for (let row = 0; row < count; row++) {
    if (records.isTooLong(row) || !reader.read(view, records.from(row), records.to(row), row)) return null;
  }
  const { cells, haveMinusZero, ids } = reader;
  const columns = plan.targets.flatMap((targets, column) =>
    targets.map(({ name }) => ({
      name,
      cells: cells[column]!,
      ...(haveMinusZero.has(column) && { hasMinusZero: true as const }),
    })),
  );
  const bytes = cells.reduce((sum, own) => sum + (own?.byteLength ?? 0), 0);
  return { columns: ColumnRows.of(columns, count), ids, bytes };
}

class NumberRowReader {
  /** Per column of the file: its numbers, and NaN where a value is missing. Null: it feeds no field. */
  readonly cells: readonly (Float64Array | null)[];
  /** Columns of the file in which -0 is a value. */
  readonly haveMinusZero = new Set<number>();
  readonly ids: (string | null)[] | null;
  readonly #plan: CellPlan;
  readonly #cell: CellReader;
  readonly #number = new PlainNumber();

  constructor(plan: CellPlan, rows: number) {
    this.cells = plan.targets.map(({ length }) => (length === 0 ? null : new Float64Array(rows)));
    this.ids = plan.idColumn === -1 ? null : [];
    this.#plan = plan;
    this.#cell = new CellReader(plan.delimiter);
  }

  /** Reads the row from `from` to before `to`. Returns false if the row writer must judge it. */
  read(bytes: Buffer, from: number, to: number, row: number): boolean {
    const { delimiter, idColumn } = this.#plan;
    const { cells } = this;
    const number = this.#number;
    const width = cells.length;
    let at = from;
    for (let column = 0; column < width; column++) {
      const numbers = cells[column]!;
      let next = numbers === null || column === idColumn ? WRONG : number.read(bytes, at);
      if (next !== WRONG && (next === to || bytes[next] === delimiter)) {
        numbers[row] = number.value;
        if (number.value === 0 && bytes[at] === MINUS) this.haveMinusZero.add(column);
      } else {
        next = this.#readCell(bytes, at, to, numbers, row);
        if (next === WRONG) return false;
        if (numbers !== null && Object.is(numbers[row], -0)) this.haveMinusZero.add(column);
        if (column === idColumn && !this.#addId(bytes)) return false;
      }
      if (next === to) return column + 1 === width;
      at = next + 1;
    }
    return false;
  }

  /** Reads a cell of any form. Returns where it ends, or WRONG. */
  #readCell(bytes: Buffer, at: number, to: number, numbers: Float64Array | null, row: number): number {
    const cell = this.#cell;
    if (cell.read(bytes, at, to) !== null) return WRONG;
    if (numbers === null) return cell.next;
    if (cell.isMissing) {
      numbers[row] = Number.NaN;
      return cell.next;
    }
    const first = afterSpaces(bytes, cell.start, cell.end);
    const end = beforeSpaces(bytes, first, cell.end);
    if (!isNumber(bytes, first, end)) return WRONG;
    const value = Number(bytes.toString('latin1', first, end));
    // In a column, infinity stands for null.
    if (!Number.isFinite(value)) return WRONG;
    numbers[row] = value;
    return cell.next;
  }

  #addId(bytes: Buffer): boolean {
    const name = this.#plan.names[this.#plan.idColumn]!;
    const id = recordId(this.#cell.isMissing ? null : this.#cell.text(bytes), name);
    if (id.ok) this.ids!.push(id.id);
    return id.ok;
  }
}
