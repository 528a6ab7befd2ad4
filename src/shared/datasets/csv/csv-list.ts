/** A CSV file that lists other files: one column has their paths or URLs. */
import { type ByteFiles } from '../bytes/byte-file.ts';
import type { RowRef } from '../../domain/row.ts';
import { createTableSource } from '../lines/table-source.ts';
import { invalidAt } from '../row-reference.ts';
import type { RowRecord } from '../slice-rows.ts';
import type { DatasetSource } from '../source.ts';
import { planCells } from './cell-plan.ts';
import { csvTable } from './csv-table.ts';
import type { CsvHeader } from './read-header.ts';

export interface CsvListSpec extends CsvHeader {
  readonly path: string;
  readonly columns: { readonly uri: string; readonly id?: string | undefined };
}

/** The id of a row is its path or URL, or what another column has. */
export function createCsvList(spec: CsvListSpec, files: ByteFiles): DatasetSource {
  const { uri, id } = spec.columns;
  const named = id === undefined ? { uri } : { uri, id };
  const plan = planCells({ ...spec, columns: named, fields: ['uri'], text: null });
  const toRow = (record: RowRecord, line: number) => rowOf(record, line, uri);
  const source = createTableSource({ ...csvTable(spec, plan), toRow }, files);
  // Its rows are listed one by one, so it has no slices.
  return {
    read: (from, signal) => source.read(from, signal),
    count: async (limit, signal) => source.count(limit, signal),
  };
}

function rowOf(record: RowRecord, line: number, column: string): RowRef {
  if (!record.ok) return { id: record.id ?? `line ${line}`, at: invalidAt(record.why) };
  const uri = record.fields['uri'];
  if (typeof uri === 'string' && uri !== '') {
    return record.id === null || record.id === uri ? { id: uri } : { id: record.id, at: uri };
  }
  const why = `line ${line} has nothing in the column ${JSON.stringify(column)}`;
  return { id: record.id ?? `line ${line}`, at: invalidAt(why) };
}
