/** The first record of a JSONL file. */
import type { ByteFile } from '../bytes/byte-file.ts';
import { rawLines, WHOLE_FILE } from '../lines/raw-lines.ts';
import { MAX_RECORD_BYTES } from '../max-record-bytes.ts';
import type { TableHead } from '../table-head.ts';
import { parseRecord, placeOf } from './parse-record.ts';

/** Throws ForebayError `input_unreadable` if the file is not UTF-8. */
export async function readJsonlHead(file: ByteFile, signal: AbortSignal): Promise<TableHead> {
  const columns = await firstFields(file, signal);
  return { spec: { type: 'jsonl' }, columns, isStrict: false };
}

/** Null if the first line is not a record, or there is none. */
async function firstFields(file: ByteFile, signal: AbortSignal): Promise<string[] | null> {
  for await (const lines of rawLines(file, WHOLE_FILE, MAX_RECORD_BYTES, signal)) {
    for (let at = 0; at < lines.count; at++) {
      if (lines.isBlank(at)) continue;
      const record = parseRecord(lines.text(at), placeOf(lines.number(at)));
      return record.ok ? Object.keys(record.fields) : null;
    }
  }
  return null;
}
