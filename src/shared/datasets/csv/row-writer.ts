/**
 * Turns the rows of a CSV file into records: JSON objects, one after the other. It makes no object per row, and it converts
 * only the cells that feed a field.
 */
import { isUtf8 } from 'node:buffer';
import { recordId } from '../record-id.ts';
import type { CellPlan } from './cell-plan.ts';
import { CellReader } from './cell-reader.ts';
import { afterSpaces, beforeSpaces, booleanOf, isNumber } from './cell-values.ts';
import { JsonBytes } from './json-bytes.ts';
import { counted } from '../../text/counted.ts';

const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const LIST = 0x5b;
const OBJECT = 0x7b;
const NULL = Buffer.from('null');

export class RowWriter {
  readonly #plan: CellPlan;
  readonly #cell: CellReader;
  readonly #json: JsonBytes;
  /** Whether the text may be something else than UTF-8. */
  readonly #isSuspect: boolean;
  /** The id of the row that was written last. Null: it has none. */
  id: string | null = null;

  /** `size`: the approximate bytes of all records. `isSuspect`: whether the rows may be something else than UTF-8. */
  constructor(plan: CellPlan, { size, isSuspect }: { size: number; isSuspect: boolean }) {
    this.#plan = plan;
    this.#cell = new CellReader(plan.delimiter);
    this.#json = new JsonBytes(size);
    this.#isSuspect = isSuspect;
  }

  /** Where the last record ends. */
  get length(): number {
    return this.#json.length;
  }

  written(): Buffer {
    return this.#json.written();
  }

  /** Adds a record that is not JSON, in place of one that cannot be made. */
  skip(): void {
    this.#json.reserve(1);
    this.#json.add(NO_JSON, 0, 1);
  }

  /**
   * Adds the record of the row that begins at `from` and ends before `to`. If the row is wrong, adds nothing and
   * returns why, as the end of a sentence that begins with the row's line.
   */
  write(bytes: Buffer, from: number, to: number): string | null {
    const start = this.#json.length;
    this.id = null;
    const problem = this.#writeCells(bytes, from, to);
    if (problem !== null) {
      this.#json.length = start;
      this.id = null;
    }
    return problem;
  }

  #writeCells(bytes: Buffer, from: number, to: number): string | null {
    const { names, targets, idColumn, frameBytes } = this.#plan;
    const json = this.#json;
    const cell = this.#cell;
    json.reserve(frameBytes);
    json.open();
    let isFirst = true;
    let at = from;
    for (let column = 0; ; column++) {
      if (column === names.length) {
        return ` has more than ${counted(names.length, 'value')}, and the header has no more columns`;
      }
      const problem = cell.read(bytes, at, to);
      if (problem !== null) return `, ${this.#inColumn(column, problem)}`;
      if (this.#isSuspect && !isUtf8(bytes.subarray(cell.start, cell.end))) {
        return `, ${this.#inColumn(column, 'is not valid UTF-8')}`;
      }
      for (const { key, isText } of targets[column]!) {
        if (isFirst) isFirst = false;
        else json.comma();
        json.add(key, 0, key.length);
        this.#writeValue(bytes, isText);
      }
      if (column === idColumn) {
        const id = recordId(cell.isMissing ? null : cell.text(bytes), names[column]!);
        if (!id.ok) return ` ${id.why}`;
        this.id = id.id;
      }
      if (cell.next === to) {
        if (column + 1 < names.length) return this.#tooShort(column + 1);
        break;
      }
      at = cell.next + 1;
    }
    json.close();
    return null;
  }

  #writeValue(bytes: Buffer, isText: boolean): void {
    const { start, end, isDoubled } = this.#cell;
    const json = this.#json;
    if (this.#cell.isMissing) return json.add(NULL, 0, NULL.length);
    if (!isText && !isDoubled) {
      const from = afterSpaces(bytes, start, end);
      const to = beforeSpaces(bytes, from, end);
      const first = bytes[from]!;
      if ((first === MINUS || (first >= ZERO && first <= NINE)) && isNumber(bytes, from, to)) {
        json.reserve(to - from + this.#plan.frameBytes);
        return json.add(bytes, from, to);
      }
      const boolean = booleanOf(bytes, from, to);
      if (boolean !== null) return json.add(boolean, 0, boolean.length);
    }
    if (!isText) {
      const nested = this.#nested(bytes);
      if (nested !== null) {
        json.reserve(nested.length + this.#plan.frameBytes);
        return json.add(nested, 0, nested.length);
      }
    }
    json.addString(bytes, start, end, isDoubled);
    json.reserve(this.#plan.frameBytes);
  }

  /** A list or an object, if the cell holds the JSON of one. */
  #nested(bytes: Buffer): Buffer | null {
    const first = bytes[this.#cell.start];
    if (this.#cell.start === this.#cell.end || (first !== LIST && first !== OBJECT)) return null;
    const text = this.#cell.text(bytes);
    try {
      JSON.parse(text);
      return Buffer.from(text);
    } catch {
      return null;
    }
  }

  #inColumn(column: number, problem: string): string {
    const name = this.#plan.names[column]!;
    return `column ${column + 1}${name === '' ? '' : ` (${JSON.stringify(name)})`} ${problem}`;
  }

  #tooShort(count: number): string {
    const { names } = this.#plan;
    return ` has ${count} of ${names.length} values: ${this.#inColumn(count, 'is missing')}`;
  }
}

const NO_JSON = Buffer.from('!');
