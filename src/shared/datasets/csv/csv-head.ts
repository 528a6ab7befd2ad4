/** The header of a CSV file, for the spec of its dataset. */
import type { RowFields } from '../../tasks/row-fields.ts';
import type { ByteFile } from '../bytes/byte-file.ts';
import type { GivenTable, TableHead } from '../table-head.ts';
import { readHeader } from './read-header.ts';

/** A file of this name has tabs, even if its header has more commas. */
const TABS = /\.tsv(?:\.\w+)?$/i;

/** `fields`: what the model reads. Other columns are not converted. Throws as `readHeader` does. */
export async function readCsvHead(
  file: ByteFile,
  { delimiter }: GivenTable,
  { names, text }: RowFields,
  signal: AbortSignal,
): Promise<TableHead> {
  const usual = TABS.test(file.name) ? '\t' : null;
  const header = await readHeader(file, delimiter ?? usual, signal);
  return {
    spec: { type: 'csv', ...header, fields: names && [...names], text: text && [...text] },
    columns: header.names.filter((name) => name !== ''),
    isStrict: true,
  };
}
