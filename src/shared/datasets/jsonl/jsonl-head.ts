/** The first record of a JSONL file. */
import { ForebayError } from '../../errors.ts';
import type { ByteFile } from '../bytes/byte-file.ts';
import type { LineText } from '../lines/lines.ts';
import { rawLines, WHOLE_FILE } from '../lines/raw-lines.ts';
import { MAX_RECORD_BYTES } from '../max-record-bytes.ts';
import type { TableHead } from '../table-head.ts';
import type { RowRecord } from '../slice-rows.ts';
import { parseRecord, placeOf } from './parse-record.ts';
import { wholeJson } from './whole-json.ts';

/** Throws ForebayError `input_unreadable` if the file is not UTF-8, or if it is ordinary JSON. */
export async function readJsonlHead(file: ByteFile, signal: AbortSignal): Promise<TableHead> {
  const [first, second] = await firstLines(file, signal);
  const columns = first?.record.ok === true ? Object.keys(first.record.fields) : null;
  const problem = first === undefined ? null : wholeJson(first, second?.start ?? null);
  if (problem !== null) throw new ForebayError('input_unreadable', `${file.name} ${problem}`);
  return { spec: { type: 'jsonl' }, columns, isStrict: false };
}

interface HeadLine {
  /** Its first character that is no white space. */
  readonly start: string;
  readonly line: LineText;
  readonly record: RowRecord;
}

/** The first two lines with text, or fewer if that is all there is, or if the first one is a record. */
async function firstLines(file: ByteFile, signal: AbortSignal): Promise<HeadLine[]> {
  const found: HeadLine[] = [];
  for await (const lines of rawLines(file, WHOLE_FILE, MAX_RECORD_BYTES, signal)) {
    for (let at = 0; at < lines.count; at++) {
      if (lines.isBlank(at)) continue;
      const line = lines.text(at);
      const start = line.ok ? firstOf(line.text) : await firstByte(file, lines.start(at), signal);
      const record = parseRecord(line, placeOf(lines.number(at)));
      found.push({ start, line, record });
      if (found.length === 2 || record.ok) return found;
    }
  }
  return found;
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
