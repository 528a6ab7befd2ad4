/** The reader for an input's type. Throws `config_mismatch` if the input does not take what its columns give. */
import { describeTensor, type GraphTensor } from '../../../../shared/models/graph-tensor.ts';
import type { Column } from '../../../../shared/tasks/tabular/columns.ts';
import type { ColumnsOfInput } from './bind-columns.ts';
import type { ColumnReader, ReadColumn } from './column-reader.ts';
import { createInt64Reader } from './int64-reader.ts';
import { createNumberReader, NUMBER_TYPES } from './number-reader.ts';
import { createTextReader } from './text-reader.ts';
import { mismatch } from '../../../../shared/models/mismatch.ts';

export function createReader({ input, columns }: ColumnsOfInput): ColumnReader {
  const reader = readerFor(
    input,
    columns.map((column) => toReadColumn(column, input)),
  );
  for (const { name, otherwise } of reader.columns) {
    if (otherwise === null || reader.accepts(otherwise)) continue;
    throw mismatch(
      `the column "${name}" has the ${Number.isNaN(otherwise) ? 'rule "missing": "nan"' : `mean ${otherwise}`}`,
      `the graph's input ${describeTensor(input)} takes ${reader.needs}`,
      'choose another rule for "missing"',
    );
  }
  return reader;
}

function readerFor(input: GraphTensor, columns: readonly ReadColumn[]): ColumnReader {
  if (input.type === 'string') return createTextReader(input, columns);
  if (input.type === 'int64') return createInt64Reader(input, columns);
  const type = NUMBER_TYPES.get(input.type);
  if (type !== undefined) return createNumberReader(input, columns, type);
  throw mismatch(
    'columns hold numbers or strings',
    `the graph's input is ${describeTensor(input)}`,
    'convert the model with float32 inputs',
  );
}

function toReadColumn({ name, from, missing, mean }: Column, input: GraphTensor): ReadColumn {
  if (missing !== 'error' && input.type === 'string') {
    throw mismatch(
      `the column "${name}" has the rule "missing": "${missing}", which is for numbers`,
      `the graph's input is ${describeTensor(input)}`,
      'remove the rule, and fill in missing texts yourself',
    );
  }
  const otherwise = { error: null, zero: 0, mean: mean ?? null, nan: Number.NaN }[missing];
  return { name, field: from ?? name, otherwise };
}
