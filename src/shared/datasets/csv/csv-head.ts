/** The header of a CSV file, for the spec of its dataset. */
import type { Columns, Fields } from '../../domain/columns.ts';
import type { RowFields } from '../../tasks/row-fields.ts';
import type { GivenTable, TableHead } from '../table-head.ts';
import { HEAD_BYTES, type ByteFile } from '../bytes/byte-file.ts';
import { encodeRange } from '../lines/line-range.ts';
import { columnOf } from '../table/needed-columns.ts';
import { holdsOf, LOOKED_AT, type Holds } from '../table/column-holds.ts';
import { planCells } from './cell-plan.ts';
import { openCsvSlice } from './csv-slice.ts';
import { readHeader, type CsvHeader } from './read-header.ts';

/** A file of this name has tabs, even if its header has more commas. */
const TABS = /\.tsv(?:\.\w+)?$/i;

/** `fields`: what the model reads. Other columns are not converted. Throws as `readHeader` does. */
export async function readCsvHead(
  file: ByteFile,
  { delimiter, columns }: GivenTable,
  { names, text, numbers = [] }: RowFields,
  signal: AbortSignal,
): Promise<TableHead> {
  const usual = TABS.test(file.name) ? '\t' : null;
  const header = await readHeader(file, delimiter ?? usual, signal);
  return {
    spec: { type: 'csv', ...header, fields: names && [...names], text: text && [...text] },
    columns: header.names.filter((name) => name !== ''),
    isStrict: true,
    ...(numbers.length > 0 && { holds: await holdsIn(file, header, numbers, columns, signal) }),
  };
}

/** What the columns hold that feed these fields, by the first rows. Only they tell a number from a text. */
async function holdsIn(
  file: ByteFile,
  { names, delimiter, start }: CsvHeader,
  fields: readonly string[],
  columns: Columns | undefined,
  signal: AbortSignal,
): Promise<(column: string) => Holds | null> {
  const wanted = new Set(fields.map((field) => columnOf(columns, field)));
  const plan = planCells({ delimiter, names, fields: [...wanted], text: [] });
  const to = Math.max(start.from, Math.min(file.size, start.from + HEAD_BYTES));
  const rows: Fields[] = [];
  for await (const chunk of openCsvSlice(file, { ref: encodeRange({ ...start, to }) }, plan, null, signal)) {
    for (let at = 0; at < chunk.count && rows.length < LOOKED_AT; at++) {
      const row = chunk.record(at);
      if (row.ok) rows.push(row.fields);
    }
    if (rows.length === LOOKED_AT) break;
  }
  return (column) => (wanted.has(column) ? holdsOf(rows.map((row) => row[column])) : null);
}
