/**
 * The encoded bytes of a lane's rows, from the message or from a local file that the lane opens itself. Bounds the bytes of
 * files: the next file is opened only while the lane holds less than its budget.
 */
import { stampOf, type FileStamp } from '../../../shared/files/file-version.ts';
import type { FileLimits } from '../../../shared/files/row-limits.ts';
import type { LaneInput } from '../messages.ts';
import { createFileOpener, readOwnFile, type FileOpener } from '../../../shared/rows/open-file.ts';
import { checkRowSize } from '../../../shared/rows/check-row-size.ts';
import { checkContent, noteOpened } from './check-content.ts';
import { createReadBuffers } from './read-buffers.ts';

export type EncodedRow = Exclude<LaneInput, { readonly json: string }>;

export interface RowBytes {
  /**
   * Calls `work` with the row's bytes, immediately if the budget allows, and returns its result. Reads synchronously,
   * because decoding must be in progress before the lane blocks in inference. Reading a cached file is also faster than
   * a trip through the thread pool. Throws or rejects with ForebayError `file_not_found`, `file_unreadable`,
   * `path_not_allowed`, `file_too_large` or `empty_file`, or as `work` does.
   */
  use<T>(input: EncodedRow, work: (bytes: Uint8Array) => T | Promise<T>): T | Promise<T>;
  /**
   * As `use`, but the bytes are valid only until `work` is done. Memory of large files is used again for other files then.
   */
  lend<T>(input: EncodedRow, work: (bytes: Uint8Array) => T | Promise<T>): T | Promise<T>;
  /** Bytes read since the last call, and the milliseconds of this thread that reading took. */
  takeCounts(): { bytes: number; ms: number };
}

/** Reads a row that is a file. Throws as FileOpener does. */
export function readFile(
  row: Exclude<EncodedRow, { readonly bytes: Uint8Array }>,
  openFile: FileOpener,
  allocate?: (size: number) => Buffer,
): Uint8Array {
  return 'bodyFile' in row ? readOwnFile(row.bodyFile, allocate) : openFile(row.path, row.tenant, allocate);
}

type Work<T> = (bytes: Uint8Array) => T | Promise<T>;

/** Smaller files are left to V8, which collects them soon enough. */
const LARGE_BYTES = 256 * 1024;

export function createRowBytes(limits: FileLimits): RowBytes {
  let opened: FileStamp | undefined;
  const openFile = createFileOpener(limits, (file) => (opened = stampOf(file, Date.now())));
  const { maxFileBytes, maxHeldBytes } = limits;
  const waiting: (() => void)[] = [];
  let held = 0;
  let counts = { bytes: 0, ms: 0 };
  const buffers = createReadBuffers();

  function read(input: EncodedRow, allocate?: (size: number) => Buffer): Uint8Array {
    const started = performance.now();
    const bytes = 'bytes' in input ? input.bytes : readFile(input, openFile, allocate);
    checkRowSize(bytes.length, maxFileBytes);
    noteOpened(input, opened);
    counts.bytes += bytes.length;
    counts.ms += performance.now() - started;
    checkContent(input, bytes);
    return bytes;
  }

  function useFile<T>(input: EncodedRow, work: Work<T>, isLent: boolean): T | Promise<T> {
    let size = 0;
    let lent: Buffer | null = null;
    const lendLarge = (bytes: number) =>
      bytes < LARGE_BYTES ? Buffer.allocUnsafe(bytes) : (lent = buffers.take(bytes));
    const letNext = () => {
      if (held < maxHeldBytes) waiting.shift()?.();
    };
    const release = () => {
      held -= size;
      if (lent !== null) buffers.giveBack(lent);
      letNext();
    };
    let done: T | Promise<T>;
    try {
      const bytes = read(input, isLent ? lendLarge : undefined);
      size = bytes.length;
      held += size;
      letNext();
      done = work(bytes);
    } catch (error) {
      release();
      throw error;
    }
    if (done instanceof Promise) return done.finally(release);
    release();
    return done;
  }

  function useRow<T>(input: EncodedRow, work: Work<T>, isLent: boolean): T | Promise<T> {
    if ('bytes' in input) return work(read(input));
    if (waiting.length === 0 && held < maxHeldBytes) return useFile(input, work, isLent);
    return new Promise<void>((resolve) => waiting.push(resolve)).then(() => useFile(input, work, isLent));
  }

  return {
    use: (input, work) => useRow(input, work, false),
    lend: (input, work) => useRow(input, work, true),
    takeCounts() {
      const taken = counts;
      counts = { bytes: 0, ms: 0 };
      return taken;
    },
  };
}
