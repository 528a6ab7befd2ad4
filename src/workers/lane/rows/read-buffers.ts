/**
 * Memory for large files that are needed only while they are decoded. It is used again, because V8 collects buffers late:
 * to V8, the buffer of a photo is a small object.
 */

export interface ReadBuffers {
  /** At least `size` bytes. Their content is undefined. */
  take(size: number): Buffer;
  /** The caller must not touch it again. */
  giveBack(buffer: Buffer): void;
}

/** One for the file that is being decoded, and one for a file that waits or goes to another thread. */
const KEPT = 2;
/** Larger buffers are left to V8. */
const LARGEST_BYTES = 16 * 2 ** 20;
/** Sizes are multiples of this, so that files of about the same size fit. */
const STEP_BYTES = 2 ** 20;

export function createReadBuffers(): ReadBuffers {
  const free: Buffer[] = [];
  return {
    take(size) {
      const fitting = free.findIndex((buffer) => buffer.length >= size);
      // If none fits, the larger one that comes back takes the place of one that is too small.
      const [found] = free.splice(Math.max(0, fitting), 1);
      if (fitting >= 0) return found!;
      return Buffer.allocUnsafeSlow(Math.ceil(size / STEP_BYTES) * STEP_BYTES);
    },
    giveBack(buffer) {
      if (free.length < KEPT && buffer.length <= LARGEST_BYTES) free.push(buffer);
    },
  };
}
