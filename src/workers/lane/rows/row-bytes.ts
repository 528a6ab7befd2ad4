/**
 * Rows' encoded bytes in a lane: those of the message, or of a local file that the lane opens itself. Bytes of
 * files are bounded here, where they are held: a row is opened while less than the budget is in hand.
 */
import type { FileLimits } from '../../../shared/files/row-limits.ts';
import type { LaneInput } from '../messages.ts';
import { createFileOpener } from './open-file.ts';
import { checkRowSize } from './check-row-size.ts';

export interface RowBytes {
  /**
   * Has `work` done on the row's bytes and returns what it returns: at once where the budget allows. Reads synchronously on
   * purpose: decoding must be under way before the lane blocks in inference, and a cached 100 KB file takes 0.05 ms, less
   * than one trip through the thread pool. Throws or rejects with ForebayError `file_not_found`, `file_unreadable`,
   * `path_not_allowed`, `file_too_large`, `empty_file`, or with what `work` does.
   */
  use<T>(input: LaneInput, work: (bytes: Uint8Array) => T | Promise<T>): T | Promise<T>;
  /** What was read since the last call: bytes, and milliseconds of this thread. */
  takeCounts(): { bytes: number; ms: number };
}

export function createRowBytes(limits: FileLimits): RowBytes {
  const openFile = createFileOpener(limits);
  const { maxFileBytes, maxHeldBytes } = limits;
  const waiting: (() => void)[] = [];
  let held = 0;
  let counts = { bytes: 0, ms: 0 };

  function read(input: LaneInput): Uint8Array {
    const started = performance.now();
    const bytes = 'bytes' in input ? input.bytes : openFile(input.path, input.tenant);
    checkRowSize(bytes.length, maxFileBytes);
    counts.bytes += bytes.length;
    counts.ms += performance.now() - started;
    return bytes;
  }

  function useFile<T>(input: LaneInput, work: (bytes: Uint8Array) => T | Promise<T>): T | Promise<T> {
    let size = 0;
    const letNext = () => {
      if (held < maxHeldBytes) waiting.shift()?.();
    };
    const release = () => {
      held -= size;
      letNext();
    };
    let done: T | Promise<T>;
    try {
      const bytes = read(input);
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

  return {
    use(input, work) {
      if ('bytes' in input) return work(read(input));
      if (waiting.length === 0 && held < maxHeldBytes) return useFile(input, work);
      return new Promise<void>((resolve) => waiting.push(resolve)).then(() => useFile(input, work));
    },
    takeCounts() {
      const taken = counts;
      counts = { bytes: 0, ms: 0 };
      return taken;
    },
  };
}
