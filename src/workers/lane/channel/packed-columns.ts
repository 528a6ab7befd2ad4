/** Columns on their way to a lane. Numbers travel as one array, and texts as one text. */
import type { CellColumn, ColumnPiece } from '../../../shared/domain/column-rows.ts';
import { packTexts, unpackTexts, type PackedTexts } from './packed-texts.ts';

export interface PackedPiece {
  readonly rows: number;
  readonly columns: readonly (Omit<CellColumn, 'cells'> & { readonly cells: PackedCells })[];
}

type Numbers = Float64Array | Float32Array | Int32Array | Uint32Array | BigInt64Array | BigUint64Array;

type PackedCells =
  | { readonly are: 'numbers'; readonly numbers: Numbers }
  | { readonly are: 'texts'; readonly texts: PackedTexts; readonly nulls: readonly number[] }
  | { readonly are: 'any'; readonly cells: readonly unknown[] };

export function packPiece({ columns, from, to }: ColumnPiece): PackedPiece {
  return {
    rows: to - from,
    columns: columns.map((column) => ({ ...column, cells: packCells(column.cells, from, to) })),
  };
}

export function unpackPiece({ rows, columns }: PackedPiece): ColumnPiece {
  return {
    columns: columns.map((column) => ({ ...column, cells: unpackCells(column.cells) })),
    from: 0,
    to: rows,
  };
}

function packCells(cells: ArrayLike<unknown>, from: number, to: number): PackedCells {
  if (ArrayBuffer.isView(cells)) return { are: 'numbers', numbers: (cells as Numbers).subarray(from, to) };
  const own = Array.prototype.slice.call(cells, from, to) as unknown[];
  const kind = typeof own.find((cell) => cell !== null && cell !== undefined);
  if (kind === 'number' || kind === 'bigint') return packNumbers(own) ?? { are: 'any', cells: own };
  if (kind === 'string') return packStrings(own) ?? { are: 'any', cells: own };
  return { are: 'any', cells: own };
}

/** Null unless all are numbers that a double holds. NaN stands for null. */
function packNumbers(cells: readonly unknown[]): PackedCells | null {
  const numbers = new Float64Array(cells.length);
  for (let i = 0; i < cells.length; i++) {
    const cell = cells[i];
    if (typeof cell === 'number') numbers[i] = cell;
    else if (cell === null || cell === undefined) numbers[i] = Number.NaN;
    else if (typeof cell !== 'bigint' || !Number.isSafeInteger(Number(cell))) return null;
    else numbers[i] = Number(cell);
  }
  return { are: 'numbers', numbers };
}

/** Null unless all are texts or null. */
function packStrings(cells: readonly unknown[]): PackedCells | null {
  const nulls: number[] = [];
  const texts: string[] = [];
  for (const [i, cell] of cells.entries()) {
    if (typeof cell === 'string') texts.push(cell);
    else if (cell !== null && cell !== undefined) return null;
    else {
      nulls.push(i);
      texts.push('');
    }
  }
  return { are: 'texts', texts: packTexts(texts), nulls };
}

function unpackCells(packed: PackedCells): ArrayLike<unknown> {
  switch (packed.are) {
    case 'numbers':
      return doublesOf(packed.numbers) ?? packed.numbers;
    case 'texts': {
      const cells: (string | null)[] = unpackTexts(packed.texts, (text) => text);
      for (const at of packed.nulls) cells[at] = null;
      return cells;
    }
    case 'any':
      return packed.cells;
  }
}

/** Signed 64-bit integers as doubles, without a bigint for each. Null: other numbers, or a double cannot hold one. */
function doublesOf(numbers: Numbers): Float64Array | null {
  if (!(numbers instanceof BigInt64Array)) return null;
  const words = new Int32Array(numbers.buffer, numbers.byteOffset, numbers.length * 2);
  const doubles = new Float64Array(numbers.length);
  for (let i = 0; i < doubles.length; i++) {
    const double = words[2 * i + 1]! * 2 ** 32 + (words[2 * i]! >>> 0);
    if (!Number.isSafeInteger(double)) return null;
    doubles[i] = double;
  }
  return doubles;
}
