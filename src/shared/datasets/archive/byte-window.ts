/** Keeps one piece of a file in memory, so that neighbouring ranges cost one read. */
import type { ByteFile } from '../bytes/byte-file.ts';

export interface ByteWindow {
  readonly size: number;
  /** The bytes of a range, if the window holds all of them. They stay valid when the window moves. */
  held(from: number, length: number): Buffer | null;
  /**
   * Reads the range and what follows it, `ahead` bytes in all, unless the window holds the range. Gives fewer bytes only
   * at the end of the file. Rejects as ByteFile.read does.
   */
  load(from: number, length: number, ahead: number): Promise<Buffer>;
  /** Bytes that were read so far. */
  readonly loaded: number;
}

export function createByteWindow(file: Pick<ByteFile, 'read' | 'size'>, signal: AbortSignal): ByteWindow {
  let start = 0;
  let bytes = Buffer.alloc(0);
  let loaded = 0;

  function held(from: number, length: number): Buffer | null {
    const at = from - start;
    return at >= 0 && at + length <= bytes.length ? bytes.subarray(at, at + length) : null;
  }

  return {
    size: file.size,
    held,
    async load(from, length, ahead) {
      signal.throwIfAborted();
      const known = held(from, length);
      if (known !== null) return known;
      const next = Buffer.allocUnsafe(Math.max(0, Math.min(Math.max(length, ahead), file.size - from)));
      const filled = next.length === 0 ? 0 : await file.read(next, from, signal);
      start = from;
      bytes = next.subarray(0, filled);
      loaded += filled;
      return bytes.subarray(0, length);
    },
    get loaded() {
      return loaded;
    },
  };
}
