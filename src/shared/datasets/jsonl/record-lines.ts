/** Reads the lines of a JSONL file from any offset, in memory that only the longest line bounds. Skips blank lines. */
import { open, type FileHandle } from 'node:fs/promises';
import { ForebayError, messageOf } from '../../errors.ts';
import { ENCODING_HEAD_BYTES, listProblem, markLength } from '../lines/list-encoding.ts';

/** A longer line is an error row. It is read past, but never held. */
export const MAX_RECORD_BYTES = 16 * 1024 * 1024;

export interface RecordLine {
  /** Without the line break. Null if it is too long. Valid until the next chunk. */
  readonly bytes: Buffer | null;
  /** Number of the line in the file, from 1. */
  readonly line: number;
  /** Offset of its first byte. */
  readonly start: number;
  /** Offset of the next line. */
  readonly end: number;
}

export interface LineRange {
  readonly from: number;
  /** The offset after the last line. Null: the end of the file. */
  readonly to: number | null;
  /** Number of the line at `from`, from 1. */
  readonly line: number;
}

const CHUNK = 256 * 1024;

export const WHOLE_FILE: LineRange = { from: 0, to: null, line: 1 };

/**
 * Yields the lines in chunks. Skips a UTF-8 byte order mark. Rejects with ForebayError `input_not_found`, or
 * `input_unreadable`, which includes other encodings.
 */
export async function* recordLines(
  path: string,
  { from, to, line: firstLine }: LineRange,
  signal: AbortSignal,
): AsyncGenerator<RecordLine[]> {
  signal.throwIfAborted();
  const file = await openFile(path);
  try {
    let buffer = Buffer.allocUnsafe(Math.min(CHUNK, to === null ? CHUNK : Math.max(1, to - from)));
    let filled = 0;
    /** Offset in the file of the buffer's first byte. */
    let base = from;
    let line = firstLine;
    /** Where a line began that is too long and is being skipped. */
    let longStart: number | null = null;
    for (;;) {
      signal.throwIfAborted();
      const room =
        to === null ? buffer.length - filled : Math.min(buffer.length - filled, to - base - filled);
      const bytesRead = room === 0 ? 0 : await readAt(file, path, buffer, filled, room, base + filled);
      const view = buffer.subarray(0, filled + bytesRead);
      let start = base === 0 && filled === 0 ? textStart(view, path) : 0;
      const lines: RecordLine[] = [];
      const push = (stop: number, next: number) => {
        const first = longStart ?? base + start;
        const tooLong = longStart !== null || stop - start > MAX_RECORD_BYTES;
        const bytes = tooLong ? null : view.subarray(start, stop);
        if (bytes === null || !isBlank(bytes)) lines.push({ bytes, line, start: first, end: base + next });
        line += 1;
        longStart = null;
        start = next;
      };
      for (let at = view.indexOf(10, Math.max(start, filled)); at !== -1; at = view.indexOf(10, at + 1)) {
        push(at, at + 1);
      }
      if (bytesRead === 0 && (start < view.length || longStart !== null)) push(view.length, view.length);
      if (lines.length > 0) yield lines;
      if (bytesRead === 0) return;
      if (view.length - start > MAX_RECORD_BYTES) {
        longStart ??= base + start;
        start = view.length;
      }
      const rest = view.length - start;
      // A line that does not fit yet needs a larger buffer. The next chunk may use the usual size again.
      const wanted =
        rest * 2 > buffer.length ? Math.min(buffer.length * 2, MAX_RECORD_BYTES + CHUNK) : buffer.length;
      const next = wanted === buffer.length ? buffer : Buffer.allocUnsafe(wanted);
      view.copy(next, 0, start, view.length);
      buffer = next;
      filled = rest;
      base += start;
    }
  } finally {
    await file.close();
  }
}

function isBlank(bytes: Buffer): boolean {
  // Almost every line starts with "{".
  return bytes[0] !== 123 && bytes.every((byte) => byte === 32 || (byte >= 9 && byte <= 13));
}

/** Where the text begins. Throws ForebayError `input_unreadable` if it is not UTF-8. */
function textStart(view: Buffer, path: string): number {
  const problem = listProblem(view.subarray(0, ENCODING_HEAD_BYTES));
  if (problem !== null) throw new ForebayError('input_unreadable', `${path} ${problem}`);
  return markLength(view);
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw missing
      ? new ForebayError('input_not_found', `The file ${path} does not exist.`, { cause: error })
      : unreadable(path, error);
  }
}

async function readAt(
  file: FileHandle,
  path: string,
  buffer: Buffer,
  at: number,
  length: number,
  position: number,
): Promise<number> {
  try {
    return (await file.read(buffer, at, length, position)).bytesRead;
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, cause: unknown): ForebayError {
  return new ForebayError('input_unreadable', `Cannot read ${path}: ${messageOf(cause)}.`, { cause });
}
