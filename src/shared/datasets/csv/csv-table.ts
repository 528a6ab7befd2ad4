/** The records of a CSV file after its header. */
import type { TableLines } from '../lines/table-source.ts';
import type { CellPlan } from './cell-plan.ts';
import { csvRecords } from './csv-records.ts';
import { csvRecord } from './csv-slice.ts';
import type { FoundRecords } from './found-records.ts';
import { checkHeader, type CsvHeader } from './read-header.ts';

/** Reading the first record checks the header. */
export function csvTable(
  spec: CsvHeader & { readonly path: string },
  plan: CellPlan,
): TableLines<FoundRecords> {
  const { path, start } = spec;
  return {
    path,
    all: { ...start, to: null },
    async *lines(file, range, signal) {
      if (range.from === start.from) await checkHeader(file, spec, signal);
      yield* csvRecords(file, range, plan.delimiter, signal);
    },
    record: (records, at) => csvRecord(records, at, plan),
  };
}
