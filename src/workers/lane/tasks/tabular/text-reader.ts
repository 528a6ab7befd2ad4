/** Reads texts into a tensor of strings. */
import type { GraphTensor } from '../../../../shared/models/graph-tensor.ts';
import { isMissing, missingValue, nulCharacter, TEXT, wrongValue } from './column-errors.ts';
import type { ColumnReader, ReadColumn } from './column-reader.ts';

export function createTextReader(input: GraphTensor, columns: readonly ReadColumn[]): ColumnReader<string[]> {
  const width = columns.length;
  return {
    input,
    width,
    columns,
    needs: TEXT,
    allocate: (rows) => Array.from({ length: rows * width }, () => ''),
    read(record, data, offset) {
      for (let at = 0; at < width; at++) {
        const column = columns[at]!;
        const value = record[column.field];
        if (typeof value !== 'string') {
          return isMissing(record, column.field)
            ? missingValue(column, record, TEXT)
            : wrongValue(column, value, TEXT);
        }
        if (value.includes('\0')) return nulCharacter(column);
        data[offset + at] = value;
      }
      return null;
    },
    readText(value, data, index) {
      data[index] = value;
      return !value.includes('\0');
    },
    accepts: () => false,
    madeUp: (round) => TEXTS[round % TEXTS.length]!,
  };
}

const TEXTS: readonly string[] = ['', 'a', 'the quick brown fox', '1', 'yes'];
