/** A slice of a JSONL file: a range of bytes that holds whole lines. Any process can open it and gets the same rows. */
import { isUtf8 } from 'node:buffer';
import { stat } from 'node:fs/promises';
import { ForebayError, InvariantError, messageOf } from '../../errors.ts';
import { PackedRecords } from '../../domain/packed-records.ts';
import { versionOf } from '../../stores/file/file-version.ts';
import type { LineCopy, Lines } from '../lines/lines.ts';
import { rawLines, type LineRange } from '../lines/raw-lines.ts';
import { MAX_RECORD_BYTES, parseRecord, placeOf, type ParsedRecord } from './parse-record.ts';

/** Consecutive rows of a slice. */
export interface SliceRows {
  readonly count: number;
  /** Null: the id of each row is its index. */
  readonly ids: readonly string[] | null;
  /** All records, unread. Null if one of them is known to be invalid. */
  readonly packed: PackedRecords | null;
  /** Reads a record. */
  record(at: number): ParsedRecord;
}

/** `from+length@line`. */
export function encodeRange({ from, to, line }: LineRange & { readonly to: number }): string {
  return `${from}+${to - from}@${line}`;
}

export function decodeRange(text: string): LineRange & { readonly to: number } {
  const [, from, length, line] = /^(\d+)\+(\d+)@(\d+)$/.exec(text) ?? [];
  if (from === undefined) throw new InvariantError(`a range of lines is "${text}"`);
  return { from: Number(from), to: Number(from) + Number(length), line: Number(line) };
}

/** Identifies the content of a file by its size and modification time. Rejects with ForebayError. */
export async function fileVersion(path: string): Promise<string> {
  try {
    return versionOf(await stat(path, { bigint: true }));
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const why = missing ? `The file ${path} does not exist.` : `Cannot read ${path}: ${messageOf(error)}.`;
    throw new ForebayError(missing ? 'input_not_found' : 'input_unreadable', why, { cause: error });
  }
}

/** Throws ForebayError `dataset_changed` if the file has another version. */
export async function checkVersion(path: string, version: string): Promise<void> {
  if ((await fileVersion(path)) === version) return;
  throw new ForebayError(
    'dataset_changed',
    `${path} has changed since the job was submitted. Submit it as a new job, and change no file that a job reads.`,
  );
}

/**
 * Yields the rows in chunks. `firstRow`: index of the first row, which names rows without an id. Throws ForebayError
 * `dataset_changed`, `input_not_found` or `input_unreadable`.
 */
export async function* openJsonlSlice(
  path: string,
  slice: { readonly firstRow: number; readonly ref: string; readonly check: string },
  signal: AbortSignal,
): AsyncGenerator<SliceRows> {
  await checkVersion(path, slice.check);
  let index = slice.firstRow;
  for await (const lines of rawLines(path, decodeRange(slice.ref), MAX_RECORD_BYTES, signal)) {
    const copy = lines.copy();
    const rows = copy === null || !isUtf8(copy.bytes) ? oneByOne(lines, index) : together(lines, copy, index);
    if (rows.count === 0) continue;
    index += rows.count;
    yield rows;
  }
}

/**
 * Records that may have ids are read here. Otherwise only the lane reads them, because reading them twice costs half as
 * much as answering a row of a table.
 */
function together(lines: Lines, { bytes, ends, at: lineOf }: LineCopy, firstRow: number): SliceRows {
  const packed = new PackedRecords(bytes, ends);
  // The lines themselves are gone when somebody asks for a record.
  const numbers = lineOf.map((line) => lines.number(line));
  const read = (at: number) =>
    parseRecord({ ok: true, text: lineText(packed.json(at)) }, placeOf(numbers[at]!));
  if (!mayHaveIds(bytes)) return { count: packed.length, ids: null, packed, record: read };
  const records = Array.from(ends, (_, at) => read(at));
  return {
    count: records.length,
    ids: idsOf(records, firstRow),
    packed: records.every(({ ok }) => ok) ? packed : null,
    record: (at) => records[at]!,
  };
}

/** Some lines are too long, or are not text. */
function oneByOne(lines: Lines, firstRow: number): SliceRows {
  const records: ParsedRecord[] = [];
  for (let at = 0; at < lines.count; at++) {
    if (!lines.isBlank(at)) records.push(parseRecord(lines.text(at), placeOf(lines.number(at))));
  }
  return {
    count: records.length,
    ids: idsOf(records, firstRow),
    packed: null,
    record: (at) => records[at]!,
  };
}

function idsOf(records: readonly ParsedRecord[], firstRow: number): string[] {
  return records.map(({ id }, at) => id ?? String(firstRow + at));
}

/** JSON can spell the field name "id" only literally, or with \u escapes. */
function mayHaveIds(bytes: Buffer): boolean {
  return bytes.includes('"id"') || bytes.includes('\\u');
}

function lineText(line: string): string {
  return line.endsWith('\n') ? line.slice(0, -1) : line;
}
