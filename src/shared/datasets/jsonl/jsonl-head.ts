/** The first records of a JSONL file. */
import type { Fields } from '../../domain/columns.ts';
import { ForebayError } from '../../errors.ts';
import type { ByteFile } from '../bytes/byte-file.ts';
import type { LineText } from '../lines/lines.ts';
import { rawLines, WHOLE_FILE } from '../lines/raw-lines.ts';
import { MAX_RECORD_BYTES } from '../max-record-bytes.ts';
import { holdsOf, LOOKED_AT } from '../table/column-holds.ts';
import type { TableHead } from '../table-head.ts';
import type { RowRecord } from '../slice-rows.ts';
import { placeOf } from '../lines/place-of-line.ts';
import { parseRecord } from './parse-record.ts';
import { wholeJson } from './whole-json.ts';

/** Throws ForebayError `input_unreadable` if the file is not UTF-8, or if it is ordinary JSON. */
export async function readJsonlHead(file: ByteFile, signal: AbortSignal): Promise<TableHead> {
  const { lines, records } = await firstLines(file, signal);
  const [first, second] = lines;
  const problem = first === undefined ? null : wholeJson(first, second?.start ?? null);
  if (problem !== null) throw new ForebayError('input_unreadable', `${file.name} ${problem}`);
  return {
    spec: { type: 'jsonl' },
    columns: records.length === 0 ? null : [...new Set(records.flatMap((fields) => Object.keys(fields)))],
    isStrict: false,
    holds: (column) => holdsOf(records.map((fields) => fields[column])),
  };
}

interface HeadLine {
  /** Its first character that is no white space. */
  readonly start: string;
  readonly line: LineText;
  readonly record: RowRecord;
}

interface Head {
  /** The first two lines with text, or fewer if that is all there is. */
  readonly lines: readonly HeadLine[];
  /** The first records, as far as they were read together with the first one. */
  readonly records: readonly Fields[];
}

async function firstLines(file: ByteFile, signal: AbortSignal): Promise<Head> {
  const lines: HeadLine[] = [];
  const records: Fields[] = [];
  for await (const batch of rawLines(file, WHOLE_FILE, MAX_RECORD_BYTES, signal)) {
    for (let at = 0; at < batch.count && records.length < LOOKED_AT; at++) {
      if (batch.isBlank(at)) continue;
      const line = batch.text(at);
      const record = parseRecord(line, placeOf(batch.number(at)));
      if (record.ok) records.push(record.fields);
      if (lines.length === 2) continue;
      const start = line.ok ? firstOf(line.text) : await firstByte(file, batch.start(at), signal);
      lines.push({ start, line, record });
    }
    if (records.length > 0 || lines.length === 2) break;
  }
  return { lines, records };
}

function firstOf(text: string): string {
  return text.trimStart().slice(0, 1);
}

/** The first byte of a line that is too long to be kept in memory. */
async function firstByte(file: ByteFile, position: number, signal: AbortSignal): Promise<string> {
  const into = Buffer.alloc(16);
  const length = await file.read(into, position, signal, position + into.length);
  return firstOf(into.toString('latin1', 0, length));
}
