/** Reads the records of a batch into its tensors. */
import type { PackedRecords } from '../../../../shared/domain/packed-records.ts';
import type { RowError } from '../../../../shared/domain/row.ts';
import { readRecord } from '../record.ts';
import type { ColumnReader } from './column-reader.ts';
import type { FeatureRows } from './feature-rows.ts';
import { createRecordScanner, type RecordScanner } from './record-scanner.ts';

/** Returns the error of each bad record, and null for the others. */
export type RecordsReader = (rows: FeatureRows, records: PackedRecords) => (RowError | null)[];

export function createRecordsReader(readers: readonly ColumnReader[]): RecordsReader {
  /** Reads records that have the form of one before them. Null until there is such a record. */
  let scanner: RecordScanner | null = null;

  return (rows, records) => {
    const errors = Array<RowError | null>(records.length).fill(null);
    // At most once per batch, because records may differ all the time.
    let mayLearn = true;
    for (let at = 0; at < errors.length; at++) {
      if (scanner !== null && rows.scan(scanner, at, records)) continue;
      errors[at] = readJson(rows, at, records.json(at));
      if (!mayLearn || errors[at] !== null) continue;
      mayLearn = false;
      scanner = createRecordScanner(records.slice(at, at + 1).own(), readers);
    }
    return errors;
  };
}

export function readJson(rows: FeatureRows, at: number, json: string): RowError | null {
  const record = readRecord(json);
  return record.ok ? rows.read(at, record.fields) : record.error;
}
