/** A CSV file: one row per record, after a header. */
import type { TableSpec } from '../../domain/dataset-spec.ts';
import type { ByteFiles } from '../bytes/byte-file.ts';
import { createTableSource } from '../lines/table-source.ts';
import { planCells } from './cell-plan.ts';
import { csvRecords } from './csv-records.ts';
import { csvRecord } from './csv-slice.ts';
import { checkHeader } from './read-header.ts';

export type CsvSpec = Extract<TableSpec, { type: 'csv' }>;

export function createCsvSource(spec: CsvSpec, files: ByteFiles, nameOf?: (row: number) => string) {
  const { path, start } = spec;
  const plan = planCells(spec);
  return createTableSource(
    {
      path,
      all: { ...start, to: null },
      async *lines(file, range, signal) {
        if (range.from === start.from) await checkHeader(file, spec, signal);
        yield* csvRecords(file, range, plan.delimiter, signal);
      },
      record: (records, at) => csvRecord(records, at, plan),
    },
    files,
    nameOf,
  );
}
