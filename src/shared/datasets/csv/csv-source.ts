/** A CSV file: one row per record, after a header. */
import type { TableSpec } from '../../domain/dataset-spec.ts';
import type { ByteFiles } from '../bytes/byte-file.ts';
import { createTableSource } from '../lines/table-source.ts';
import { planCells } from './cell-plan.ts';
import { csvTable } from './csv-table.ts';

export type CsvSpec = Extract<TableSpec, { type: 'csv' }>;

export function createCsvSource(spec: CsvSpec, files: ByteFiles, nameOf?: (row: number) => string) {
  return createTableSource(csvTable(spec, planCells(spec)), files, nameOf);
}
