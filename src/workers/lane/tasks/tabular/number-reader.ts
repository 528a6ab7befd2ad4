/** Reads numbers into tensors of float32, float64, bool, and integers of up to 32 bits. True is 1, and false is 0. */
import type { RowError } from '../../../../shared/domain/row.ts';
import type { GraphTensor } from '../../../../shared/models/graph-tensor.ts';
import type { Fields } from '../record.ts';
import { isMissing, missingValue, NUMBER, wrongValue } from './column-errors.ts';
import type { ColumnReader, ReadColumn } from './column-reader.ts';

type NumberArray =
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

interface NumberType {
  readonly create: (length: number) => NumberArray;
  readonly needs: string;
  /** Whether the number stored in the tensor stands for the value. */
  readonly holds: (value: number, stored: number) => boolean;
}

const whole = (create: NumberType['create'], range: string): NumberType => ({
  create,
  needs: `a whole number from ${range}`,
  holds: (value, stored) => stored === value,
});

export const NUMBER_TYPES: ReadonlyMap<string, NumberType> = new Map<string, NumberType>([
  [
    'float32',
    {
      create: (n) => new Float32Array(n),
      needs: 'a number of at most 3.4e38',
      holds: (_, stored) => Number.isFinite(stored),
    },
  ],
  [
    'float64',
    {
      create: (n) => new Float64Array(n),
      needs: 'a number of at most 1.8e308',
      holds: (_, stored) => Number.isFinite(stored),
    },
  ],
  ['int32', whole((n) => new Int32Array(n), '-2147483648 to 2147483647')],
  ['uint32', whole((n) => new Uint32Array(n), '0 to 4294967295')],
  ['int16', whole((n) => new Int16Array(n), '-32768 to 32767')],
  ['uint16', whole((n) => new Uint16Array(n), '0 to 65535')],
  ['int8', whole((n) => new Int8Array(n), '-128 to 127')],
  ['uint8', whole((n) => new Uint8Array(n), '0 to 255')],
  [
    'bool',
    {
      create: (n) => new Uint8Array(n),
      needs: 'true or false',
      holds: (value) => value === 0 || value === 1,
    },
  ],
]);

export function createNumberReader(
  input: GraphTensor,
  columns: readonly ReadColumn[],
  { create, needs, holds }: NumberType,
): ColumnReader<NumberArray> {
  const width = columns.length;
  const fields = columns.map(({ field }) => field);
  const isFloat = input.type.startsWith('float');

  /** For values that are not numbers. */
  function readOther(record: Fields, data: NumberArray, offset: number, at: number): RowError | null {
    const column = columns[at]!;
    const value = record[column.field];
    if (isMissing(record, column.field)) {
      if (column.otherwise === null) return missingValue(column, record, isFloat ? NUMBER : needs);
      data[offset + at] = column.otherwise;
      return null;
    }
    if (typeof value !== 'boolean') return wrongValue(column, value, isFloat ? NUMBER : needs);
    data[offset + at] = value ? 1 : 0;
    return null;
  }

  return {
    input,
    width,
    columns,
    needs,
    allocate: (rows) => create(rows * width),
    read(record, data, offset) {
      for (let at = 0; at < width; at++) {
        const value = record[fields[at]!];
        if (typeof value === 'number') {
          data[offset + at] = value;
          if (!holds(value, data[offset + at]!)) return wrongValue(columns[at]!, value, needs);
        } else {
          const error = readOther(record, data, offset, at);
          if (error !== null) return error;
        }
      }
      return null;
    },
    readNumber(value, data, index) {
      data[index] = value;
      return holds(value, data[index]!);
    },
    fill(otherwise, data, index) {
      data[index] = otherwise;
    },
    accepts: (value) => (Number.isNaN(value) ? isFloat : holds(value, create(1).fill(value)[0]!)),
    madeUp: (round) => (isFloat ? SPREAD[round % SPREAD.length]! : round % 2),
  };
}

/** Values that differ much in range. See BoundTask.probeRows. */
const SPREAD: readonly number[] = [0, 1000, 0.01, -2.5, 1, -300, 42];
