/** A slice of a JSONL file: a range of bytes that holds whole lines. Any process can open it and gets the same rows. */
import { stat } from 'node:fs/promises';
import { ForebayError, InvariantError, messageOf } from '../../errors.ts';
import { rawLines, type LineRange } from '../lines/raw-lines.ts';
import { MAX_RECORD_BYTES, skimRecord, type ParsedRecord } from './parse-record.ts';

export interface SliceRow {
  readonly id: string;
  readonly record: ParsedRecord;
  /** Number of the line, from 1. */
  readonly line: number;
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
    const { size, mtimeNs } = await stat(path, { bigint: true });
    return `${size}-${mtimeNs}`;
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
): AsyncGenerator<SliceRow[]> {
  await checkVersion(path, slice.check);
  let index = slice.firstRow;
  for await (const lines of rawLines(path, decodeRange(slice.ref), MAX_RECORD_BYTES, signal)) {
    const rows: SliceRow[] = [];
    for (let at = 0; at < lines.count; at++) {
      if (lines.isBlank(at)) continue;
      const line = lines.number(at);
      const record = skimRecord(lines.text(at), line);
      rows.push({ id: record.id ?? String(index), record, line });
      index += 1;
    }
    yield rows;
  }
}
