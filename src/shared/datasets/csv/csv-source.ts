/** A CSV file: one row per record, after a header. */
import type { TableSpec } from '../../domain/dataset-spec.ts';
import { ForebayError } from '../../errors.ts';
import type { ByteFile, ByteFiles } from '../bytes/byte-file.ts';
import { createTableSource } from '../lines/table-source.ts';
import { planCells } from './cell-plan.ts';
import { csvRecords } from './csv-records.ts';
import { csvRecord } from './csv-slice.ts';
import { readHeader } from './read-header.ts';

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

/** Throws ForebayError `dataset_changed` if the header is not the one that the job was submitted with. */
async function checkHeader(
  file: ByteFile,
  { names, delimiter, start }: CsvSpec,
  signal: AbortSignal,
): Promise<void> {
  const found = await readHeader(file, delimiter, signal);
  const isSame = found.start.from === start.from && found.names.every((name, at) => name === names[at]);
  if (isSame && found.names.length === names.length) return;
  throw new ForebayError(
    'dataset_changed',
    `The header of ${file.name} has changed since the job was submitted. Submit it as a new job.`,
  );
}
