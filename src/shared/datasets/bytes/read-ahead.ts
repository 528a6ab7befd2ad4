/** Reads a file in requests of a few MB, so that small reads do not cost a request each. Holds two pieces in memory. */
import { onAbort } from '../../process/on-abort.ts';

export interface ReadAhead {
  /** As ByteFile has it. */
  read(into: Uint8Array, position: number, signal: AbortSignal, until?: number): Promise<number>;
  /** Stops all requests. */
  close(): void;
}

/** Sends one request. It must fill `into`, or reject. */
export type Fetch = (into: Uint8Array, position: number, signal: AbortSignal) => Promise<void>;

/** For a single row, a larger request takes no longer. */
const FIRST_BYTES = 64 * 1024;
const MOST_BYTES = 4 * 1024 * 1024;
/** How much larger each next piece of a sequential reader is. */
const GROWTH = 4;

interface Piece {
  readonly from: number;
  readonly bytes: Uint8Array;
}

/** A request on its way. */
interface Pending {
  readonly from: number;
  readonly piece: Promise<Piece>;
  readonly stop: () => void;
}

/** `size`: the file's. Several reads may run at once. */
export function createReadAhead(size: number, fetch: Fetch): ReadAhead {
  let last: Piece | null = null;
  let ahead: Pending | null = null;
  let step = FIRST_BYTES;
  const running = new Set<Pending>();

  function ask(from: number, length: number): Pending {
    const abort = new AbortController();
    const bytes = Buffer.allocUnsafeSlow(length);
    const piece = fetch(bytes, from, abort.signal).then(() => ({ from, bytes }));
    const pending = { from, piece, stop: () => abort.abort() };
    running.add(pending);
    // Nobody may wait for a request ahead.
    piece.catch(() => {}).finally(() => running.delete(pending));
    return pending;
  }

  async function pieceAt(from: number, wanted: number, end: number, signal: AbortSignal): Promise<Piece> {
    const isNext = last !== null && from === last.from + last.bytes.length;
    const ready = ahead?.from === from ? ahead : null;
    if (ready === null) ahead?.stop();
    ahead = null;
    step = isNext ? Math.min(MOST_BYTES, step * GROWTH) : FIRST_BYTES;
    const pending = ready ?? ask(from, Math.min(Math.max(wanted, step), end - from));
    const undo = onAbort(signal, pending.stop);
    let piece: Piece;
    try {
      piece = await pending.piece;
    } finally {
      undo();
      signal.throwIfAborted();
    }
    last = piece;
    const next = piece.from + piece.bytes.length;
    if (isNext && next < end) ahead = ask(next, Math.min(step, end - next));
    return piece;
  }

  return {
    async read(into, position, signal, until = size) {
      signal.throwIfAborted();
      const end = Math.min(size, Math.max(until, position + into.length));
      let filled = 0;
      while (filled < into.length && position + filled < size) {
        const at = position + filled;
        const piece = holds(last, at) ? last : await pieceAt(at, into.length - filled, end, signal);
        const from = at - piece.from;
        const part = piece.bytes.subarray(from, from + into.length - filled);
        into.set(part, filled);
        filled += part.length;
      }
      return filled;
    },
    close() {
      for (const pending of running) pending.stop();
      last = null;
      ahead = null;
    },
  };
}

function holds(piece: Piece | null, at: number): piece is Piece {
  return piece !== null && at >= piece.from && at < piece.from + piece.bytes.length;
}
