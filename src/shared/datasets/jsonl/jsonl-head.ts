/** The first record of a JSONL file. */
import { ForebayError } from '../../errors.ts';
import type { ByteFile } from '../bytes/byte-file.ts';
import type { LineText } from '../lines/lines.ts';
import { rawLines, WHOLE_FILE } from '../lines/raw-lines.ts';
import { MAX_RECORD_BYTES } from '../max-record-bytes.ts';
import type { TableHead } from '../table-head.ts';
import { parseRecord, placeOf } from './parse-record.ts';
import { wholeJson } from './whole-json.ts';

/** Throws ForebayError `input_unreadable` if the file is not UTF-8, or ordinary JSON. */
export async function readJsonlHead(file: ByteFile, signal: AbortSignal): Promise<TableHead> {
  const [first, second] = await firstLines(file, signal);
  const record = first === undefined ? null : parseRecord(first.line, placeOf(first.number));
  const columns = record?.ok === true ? Object.keys(record.fields) : null;
  const problem = first === undefined ? null : wholeJson(first, second?.start ?? null);
  if (problem !== null) throw new ForebayError('input_unreadable', `${file.name} ${problem}`);
  return { spec: { type: 'jsonl' }, columns, isStrict: false };
}

interface HeadLine {
  readonly number: number;
  readonly start: string;
  readonly line: LineText;
}

/** The first two lines with text, if there are as many. */
async function firstLines(file: ByteFile, signal: AbortSignal): Promise<HeadLine[]> {
  const found: HeadLine[] = [];
  for await (const lines of rawLines(file, WHOLE_FILE, MAX_RECORD_BYTES, signal)) {
    for (let at = 0; at < lines.count; at++) {
      if (lines.isBlank(at)) continue;
      const line = lines.text(at);
      const start = line.ok ? firstOf(line.text) : await firstByte(file, lines.start(at), signal);
      found.push({ number: lines.number(at), start, line });
      // A record needs no second line to be recognised.
      if (found.length === 2 || parseRecord(line, '').ok) return found;
    }
  }
  return found;
}

function firstOf(text: string): string {
  return text.trimStart().slice(0, 1);
}

/** Of a line that is not kept in memory. */
async function firstByte(file: ByteFile, position: number, signal: AbortSignal): Promise<string> {
  const into = Buffer.alloc(16);
  const length = await file.read(into, position, signal, position + into.length);
  return firstOf(into.toString('latin1', 0, length));
}
