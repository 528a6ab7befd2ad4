/** A JSONL file: one record per line. */
import type { DatasetSpec } from '../../domain/dataset-spec.ts';
import type { ByteFiles } from '../bytes/byte-file.ts';
import { rawLines, WHOLE_FILE } from '../lines/raw-lines.ts';
import { createTableSource } from '../lines/table-source.ts';
import { MAX_RECORD_BYTES } from '../max-record-bytes.ts';
import { placeOf } from '../lines/place-of-line.ts';
import { parseRecord } from './parse-record.ts';

type JsonlSpec = Extract<DatasetSpec, { type: 'jsonl' }>;

export function createJsonlSource(
  { path, columns }: JsonlSpec,
  files: ByteFiles,
  nameOf?: (row: number) => string,
) {
  return createTableSource(
    {
      path,
      all: WHOLE_FILE,
      lines: (file, range, signal) => rawLines(file, range, MAX_RECORD_BYTES, signal),
      record: (lines, at) => parseRecord(lines.text(at), placeOf(lines.number(at)), columns),
    },
    files,
    nameOf,
  );
}
