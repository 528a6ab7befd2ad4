/** Takes bytes from a stream in pieces of a wanted size. */
import type { Readable } from 'node:stream';

export interface ByteReader {
  /** This many bytes. Fewer if the stream ends within them, null if it has already ended. */
  take(bytes: number): Promise<Buffer | null>;
  /** At least one byte and at most this many. Null if the stream has ended. */
  some(most: number): Promise<Buffer | null>;
}

export function createByteReader(stream: Readable): ByteReader {
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let held = Buffer.alloc(0);

  async function some(most: number): Promise<Buffer | null> {
    while (held.length === 0) {
      const next = await chunks.next();
      if (next.done === true) return null;
      held = Buffer.from(next.value);
    }
    const piece = held.subarray(0, most);
    held = held.subarray(piece.length);
    return piece;
  }

  async function take(bytes: number): Promise<Buffer | null> {
    const pieces: Buffer[] = [];
    for (let left = bytes; left > 0;) {
      const piece = await some(left);
      if (piece === null) break;
      pieces.push(piece);
      left -= piece.length;
    }
    return bytes > 0 && pieces.length === 0 ? null : Buffer.concat(pieces);
  }

  return { take, some };
}
