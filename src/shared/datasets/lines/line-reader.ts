/**
 * Reads the lines of a file with their byte offsets, from any offset, in constant memory. It does not hold lines that
 * are too long.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { ForebayError, messageOf } from '../../errors.ts';
import { ENCODING_HEAD_BYTES, listProblem, markLength } from './list-encoding.ts';

export interface Line {
  /** The line without LF or CRLF; null if it is too long. Valid until the next batch. */
  readonly bytes: Buffer | null;
  /** The offset of its first byte. */
  readonly start: number;
  /** The offset of the next line. */
  readonly end: number;
}

/** Bytes read at a time. */
const CHUNK = 256 * 1024;
export const MAX_LINE_BYTES = 64 * 1024;

/**
 * Yields batches of lines, including blank ones. Skips a UTF-8 byte order mark. Throws ForebayError `input_not_found`,
 * `input_unreadable` (also for other encodings), and `dataset_changed` if `from` lies beyond the end.
 */
export async function* readLines(path: string, from: number, signal: AbortSignal): AsyncGenerator<Line[]> {
  signal.throwIfAborted();
  const file = await openLines(path);
  try {
    const { size } = await file.stat();
    if (from > size) {
      throw new ForebayError(
        'dataset_changed',
        `${path} became shorter after reading began (it has ${size} bytes, reading stopped at ${from}). Submit it as a new job.`,
      );
    }
    yield* linesOf(file, path, from, signal);
  } finally {
    await file.close();
  }
}

async function* linesOf(
  file: FileHandle,
  path: string,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<Line[]> {
  const buffer = Buffer.allocUnsafe(CHUNK);
  let filled = 0;
  let base = from; // file offset of buffer[0]
  let longStart: number | null = null; // start of the overlong line that is being skipped
  for (;;) {
    signal.throwIfAborted();
    const bytesRead = await readAt(file, path, buffer, filled, base + filled);
    const view = buffer.subarray(0, filled + bytesRead);
    let start = base === 0 && filled === 0 ? textStart(view, path) : 0;
    const lines: Line[] = [];
    const push = (stop: number, next: number) => {
      const first = longStart ?? base + start;
      const long = longStart !== null || stop - start > MAX_LINE_BYTES;
      lines.push({ bytes: long ? null : withoutReturn(view, start, stop), start: first, end: base + next });
      longStart = null;
      start = next;
    };
    for (let at = view.indexOf(10, start); at !== -1; at = view.indexOf(10, start)) push(at, at + 1);
    if (bytesRead === 0 && (start < view.length || longStart !== null)) push(view.length, view.length);
    if (lines.length > 0) yield lines;
    if (bytesRead === 0) return;
    if (view.length - start > MAX_LINE_BYTES) {
      longStart ??= base + start;
      start = view.length;
    }
    buffer.copyWithin(0, start, view.length);
    filled = view.length - start;
    base += start;
  }
}

function withoutReturn(view: Buffer, start: number, stop: number): Buffer {
  return view.subarray(start, stop > start && view[stop - 1] === 13 ? stop - 1 : stop);
}

/** Where the text begins. Throws ForebayError `input_unreadable` if it is not UTF-8. */
function textStart(view: Buffer, path: string): number {
  const problem = listProblem(view.subarray(0, ENCODING_HEAD_BYTES));
  if (problem !== null) throw new ForebayError('input_unreadable', `${path} ${problem}`);
  return markLength(view);
}

/** Rejects as `readLines` does if the file cannot be read as lines. */
export async function checkLines(path: string): Promise<void> {
  const file = await openLines(path);
  try {
    const head = Buffer.alloc(ENCODING_HEAD_BYTES);
    const bytesRead = await readAt(file, path, head, 0, 0);
    textStart(head.subarray(0, bytesRead), path);
  } finally {
    await file.close();
  }
}

async function openLines(path: string): Promise<FileHandle> {
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
  position: number,
): Promise<number> {
  try {
    return (await file.read(buffer, at, buffer.length - at, position)).bytesRead;
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, cause: unknown): ForebayError {
  return new ForebayError('input_unreadable', `Cannot read ${path}: ${messageOf(cause)}.`, { cause });
}
