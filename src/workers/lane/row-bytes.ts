/**
 * Rows' encoded bytes in a lane: those of the message, or of a local file that the lane opens itself. Bytes of
 * files are bounded here, where they are held: a row is opened while less than the budget is in hand.
 */
import type { FileLimits, LaneInput } from './messages.ts';
import { createFileOpener } from './open-file.ts';
import { checkSize } from './row-size.ts';

export interface RowBytes {
  /**
   * Has `work` done on the row's bytes. Reads synchronously on purpose, at once where the budget allows: decoding
   * must be under way before the lane blocks in inference, and a cached 100 KB file takes 0.05 ms, less than one
   * trip through the thread pool. Rejects with ForebayError `file_not_found`, `file_unreadable`, `path_not_allowed`,
   * `file_too_large`, `empty_file`, or with what `work` rejects with.
   */
  use<T>(input: LaneInput, limits: FileLimits, work: (bytes: Uint8Array) => Promise<T>): Promise<T>;
  /** What was read since the last call: bytes, and milliseconds of this thread. */
  takeCounts(): { bytes: number; ms: number };
}

export function createRowBytes(): RowBytes {
  const openFile = createFileOpener();
  const waiting: (() => void)[] = [];
  let held = 0;
  let counts = { bytes: 0, ms: 0 };

  function read(input: LaneInput, limits: FileLimits): Uint8Array {
    const started = performance.now();
    const bytes = 'bytes' in input ? input.bytes : openFile(input.path, input.tenant, limits);
    checkSize(bytes.length, limits);
    counts.bytes += bytes.length;
    counts.ms += performance.now() - started;
    return bytes;
  }

  return {
    async use(input, limits, work) {
      if ('bytes' in input) return work(read(input, limits));
      if (waiting.length > 0 || held >= limits.maxHeldBytes) {
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
      let size = 0;
      try {
        const bytes = read(input, limits);
        size = bytes.length;
        held += size;
        if (held < limits.maxHeldBytes) waiting.shift()?.();
        return await work(bytes);
      } finally {
        held -= size;
        if (held < limits.maxHeldBytes) waiting.shift()?.();
      }
    },
    takeCounts() {
      const taken = counts;
      counts = { bytes: 0, ms: 0 };
      return taken;
    },
  };
}
