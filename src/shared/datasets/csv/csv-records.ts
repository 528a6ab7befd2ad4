/** Reads the records of a CSV file, starting at any record. Holds one chunk or the longest record in memory. */
import type { ByteFile } from '../bytes/byte-file.ts';
import { checkStart, type LineRange } from '../lines/raw-lines.ts';
import { MAX_RECORD_BYTES } from '../max-record-bytes.ts';
import { FoundRecords } from './found-records.ts';

/** Bytes read at a time. */
const CHUNK = 256 * 1024;
/** A range of this size is read at once. */
const RANGE_AT_ONCE = 1024 * 1024;

/**
 * Yields records in batches, each valid until the next one. Throws as reading the file does, and ForebayError
 * `dataset_changed` if `from` lies beyond the end. `maxBytes`: only tests give it.
 */
export async function* csvRecords(
  file: ByteFile,
  { from, to, line }: LineRange,
  delimiter: number,
  signal: AbortSignal,
  { maxBytes = MAX_RECORD_BYTES, chunk = CHUNK } = {},
): AsyncGenerator<FoundRecords> {
  checkStart(file, from);
  const records = new FoundRecords({ delimiter, maxBytes, firstLine: line });
  let buffer = Buffer.allocUnsafe(to === null ? chunk : Math.min(RANGE_AT_ONCE, Math.max(1, to - from)));
  let filled = 0;
  /** Offset in the file of the buffer's first byte. */
  let base = from;
  for (;;) {
    signal.throwIfAborted();
    const space = buffer.length - filled;
    const room = to === null ? space : Math.min(space, to - base - filled);
    const bytesRead =
      room === 0 ? 0 : await file.read(buffer.subarray(filled, filled + room), base + filled, signal);
    const view = buffer.subarray(0, filled + bytesRead);
    const isEnd = bytesRead < room || base + view.length === to;
    const rest = records.find(view, base, 0, isEnd);
    if (records.count > 0) yield records;
    if (isEnd) return;
    filled = view.length - rest;
    base += rest;
    // A record that does not fit yet needs a larger buffer.
    const isLarge = filled * 2 > buffer.length;
    const next = isLarge
      ? Buffer.allocUnsafe(Math.min(buffer.length * 2, Math.max(maxBytes + chunk, buffer.length)))
      : buffer;
    view.copy(next, 0, rest);
    buffer = next;
  }
}
