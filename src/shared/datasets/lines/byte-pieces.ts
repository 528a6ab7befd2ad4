/** Gathers bytes in a few large pieces that can be handed to another thread. */

/** Only a single longer row makes a piece larger. */
const PIECE_BYTES = 256 * 1024;
/** The first piece is small, because most requests are. */
const FIRST_BYTES = 4 * 1024;

export function createBytePieces() {
  const full: Uint8Array<ArrayBuffer>[] = [];
  let piece = Buffer.allocUnsafeSlow(FIRST_BYTES);
  let used = 0;

  function makeRoom(bytes: number): void {
    if (used + bytes <= piece.length) return;
    if (used > 0) full.push(piece.subarray(0, used));
    piece = Buffer.allocUnsafeSlow(Math.max(PIECE_BYTES, bytes));
    used = 0;
  }

  return {
    add(bytes: Uint8Array): void {
      makeRoom(bytes.length);
      piece.set(bytes, used);
      used += bytes.length;
    },
    addText(text: string): void {
      // UTF-8 takes at most 3 bytes per code unit.
      makeRoom(3 * text.length);
      used += piece.write(text, used);
    },
    end(): Uint8Array<ArrayBuffer>[] {
      if (used > 0) full.push(piece.subarray(0, used));
      used = 0;
      return full;
    },
  };
}
