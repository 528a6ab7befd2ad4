/** Reads whole numbers into a tensor of 64-bit integers. True counts as 1, and false as 0. */
import type { GraphTensor } from '../../../../shared/models/graph-tensor.ts';
import { isMissing, missingValue, wrongValue } from './column-errors.ts';
import type { ColumnReader, ReadColumn } from './column-reader.ts';

/** A larger number may have lost digits when its JSON was read. Then it is not the number that was written. */
const NEEDS = 'a whole number from -9007199254740991 to 9007199254740991';

export function createInt64Reader(
  input: GraphTensor,
  columns: readonly ReadColumn[],
): ColumnReader<BigInt64Array> {
  const width = columns.length;
  return {
    input,
    width,
    columns,
    needs: NEEDS,
    allocate: (rows) => new BigInt64Array(rows * width),
    read(record, data, offset) {
      for (let at = 0; at < width; at++) {
        const column = columns[at]!;
        let value = record[column.field];
        if (typeof value === 'boolean') value = Number(value);
        if (typeof value !== 'number' && isMissing(record, column.field)) {
          if (column.otherwise === null) return missingValue(column, record, NEEDS);
          value = column.otherwise;
        }
        if (!Number.isSafeInteger(value)) return wrongValue(column, value, NEEDS);
        data[offset + at] = BigInt(value as number);
      }
      return null;
    },
    readNumber(value, data, index) {
      if (!Number.isSafeInteger(value)) return false;
      data[index] = BigInt(value);
      return true;
    },
    fill(otherwise, data, index) {
      data[index] = BigInt(otherwise);
    },
    accepts: (value) => Number.isSafeInteger(value),
    madeUp: (round) => round % 2,
  };
}
