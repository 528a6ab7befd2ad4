/**
 * Keeps the results of a block until its part is written. A result arrives in the buffer of its batch's message. Copied
 * to memory that is used again, the message is freed while it is young, which costs V8 little.
 */
import type { Outcomes } from '../../shared/domain/outcomes.ts';
import type { BufferPool } from '../../shared/process/buffer-pool.ts';

export interface ResultMemory {
  /** The same outcomes, in memory of the block. */
  keep(outcomes: Outcomes): Outcomes;
  /** Nobody may use the outcomes any more. */
  release(): void;
}

/** Bytes that are taken at a time. */
const PIECE_BYTES = 256 * 1024;
/** Where a list of ends may begin. */
const ALIGNMENT = Uint32Array.BYTES_PER_ELEMENT;

export function createResultMemory(pool: BufferPool): ResultMemory {
  let pieces: Buffer<ArrayBuffer>[] = [];
  /** Bytes of the last piece that are in use. */
  let used = 0;

  function take(bytes: number): Buffer<ArrayBuffer> {
    let piece = pieces.at(-1);
    if (piece === undefined || piece.length - used < bytes) {
      piece = pool.take(Math.max(bytes, PIECE_BYTES));
      pieces.push(piece);
      used = 0;
    }
    const taken = piece.subarray(used, used + bytes);
    used = Math.ceil((used + bytes) / ALIGNMENT) * ALIGNMENT;
    return taken;
  }

  return {
    keep(outcomes) {
      const { results, start, ends } = outcomes;
      const own = results.subarray(start, ends.at(-1) ?? start);
      const memory = take(ends.byteLength + own.length);
      const kept = new Uint32Array(memory.buffer, memory.byteOffset, ends.length);
      if (start === 0) kept.set(ends);
      else for (let at = 0; at < ends.length; at++) kept[at] = ends[at]! - start;
      const bytes = memory.subarray(ends.byteLength);
      bytes.set(own);
      return { ...outcomes, results: bytes, start: 0, ends: kept };
    },
    release() {
      for (const piece of pieces) pool.giveBack(piece);
      pieces = [];
    },
  };
}
