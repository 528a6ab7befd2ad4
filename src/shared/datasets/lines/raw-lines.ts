/**
 * Reads the lines of a file with their offsets, starting at any offset. Holds one chunk or the longest line in memory.
 * Lines that are too long are skipped without holding them.
 */
import { ForebayError } from '../../errors.ts';
import { rowMemory } from '../../process/row-memory.ts';
import type { ByteFile } from '../bytes/byte-file.ts';
import { createLines, LineStarts, type Lines } from './lines.ts';
import { ENCODING_HEAD_BYTES, listProblem, markLength } from './list-encoding.ts';
import { counted } from '../../text/counted.ts';

export interface LineRange {
  readonly from: number;
  /** The offset after the last line. Null: the end of the file. */
  readonly to: number | null;
  /** Number of the line at `from`, from 1. */
  readonly line: number;
}

export const WHOLE_FILE: LineRange = { from: 0, to: null, line: 1 };

/** Bytes read at a time. */
const CHUNK = 256 * 1024;
/** Bytes of a range that are read at a time. */
const RANGE_AT_ONCE = 1024 * 1024;

/**
 * Yields lines in batches, each valid until the next one. Skips a UTF-8 byte order mark. Does not hold a line of more
 * than `maxBytes`. Throws as reading the file does, ForebayError `input_unreadable` for other encodings, and
 * `dataset_changed` if `from` lies beyond the end.
 */
export async function* rawLines(
  file: ByteFile,
  range: LineRange,
  maxBytes: number,
  signal: AbortSignal,
): AsyncGenerator<Lines> {
  signal.throwIfAborted();
  checkStart(file, range.from);
  const { from, to, line: firstLine } = range;
  const allocate = (bytes: number) => (to === null ? Buffer.allocUnsafe(bytes) : rowMemory.take(bytes));
  let buffer = allocate(to === null ? CHUNK : Math.min(RANGE_AT_ONCE, Math.max(1, to - from)));
  let filled = 0;
  /** Offset in the file of the buffer's first byte. */
  let base = from;
  let line = firstLine;
  const starts = new LineStarts();
  /** The start of a line that is too long and is being skipped. */
  let longStart: number | null = null;
  for (;;) {
    signal.throwIfAborted();
    const space = buffer.length - filled;
    const room = to === null ? space : Math.min(space, to - base - filled);
    const bytesRead =
      room === 0
        ? 0
        : await file.read(buffer.subarray(filled, filled + room), base + filled, signal, to ?? undefined);
    const view = buffer.subarray(0, filled + bytesRead);
    let start = base === 0 && filled === 0 ? textStart(view, file.name) : 0;
    starts.count = 0;
    starts.add(start);
    for (let at = view.indexOf(10, Math.max(start, filled)); at !== -1; at = view.indexOf(10, at + 1)) {
      starts.add(at + 1);
    }
    // At the end of the file, the buffer holds at most one line, which has no line break.
    const isOpen = bytesRead === 0 && (start < view.length || longStart !== null);
    if (isOpen) starts.add(view.length);
    // The lines of a range are the rows of a block. If their buffer changed, they would have to be copied.
    const recycle = to === null ? null : whenBothCall(giveBack(buffer));
    const lines = createLines({
      view,
      base,
      first: line,
      starts,
      isOpen,
      longStart,
      maxBytes,
      recycle,
    });
    if (lines.count > 0) {
      yield lines;
      line += lines.count;
      start = starts.at(lines.count);
      longStart = null;
    }
    if (bytesRead === 0) return;
    if (view.length - start > maxBytes) {
      longStart ??= base + start;
      start = view.length;
    }
    const rest = view.length - start;
    // A line that does not fit yet needs a larger buffer.
    const wanted = rest * 2 > buffer.length ? Math.min(buffer.length * 2, maxBytes + CHUNK) : buffer.length;
    const most = to === null ? wanted : Math.min(wanted, to - base - start);
    const next = to === null && wanted === buffer.length ? buffer : allocate(most);
    view.copy(next, 0, start, view.length);
    recycle?.();
    buffer = next;
    filled = rest;
    base += start;
  }
}

function giveBack(buffer: Buffer): () => void {
  return () => rowMemory.giveBack(buffer);
}

/** The user of the lines calls it, and so does their reader, which still needs the beginning of the next line. */
function whenBothCall(act: () => void): () => void {
  let missing = 2;
  return () => {
    missing -= 1;
    if (missing === 0) act();
  };
}

/** Throws ForebayError `dataset_changed` if the file ends before `from`. */
export function checkStart({ name, size }: ByteFile, from: number): void {
  if (from <= size) return;
  throw new ForebayError(
    'dataset_changed',
    `${name} became shorter after reading began (it has ${counted(size, 'byte')}, reading stopped at ${from}). Submit it as a new job.`,
  );
}

/** Rejects as `rawLines` does if the file cannot be read as lines. */
export async function checkLines(file: ByteFile, signal: AbortSignal): Promise<void> {
  const head = Buffer.alloc(ENCODING_HEAD_BYTES);
  const filled = await file.read(head, 0, signal);
  textStart(head.subarray(0, filled), file.name);
}

/** Where the text begins. `view`: the start of the file. Throws ForebayError `input_unreadable` if it is not UTF-8. */
export function textStart(view: Buffer, name: string): number {
  const problem = listProblem(view.subarray(0, ENCODING_HEAD_BYTES));
  if (problem !== null) throw new ForebayError('input_unreadable', `${name} ${problem}`);
  return markLength(view);
}
