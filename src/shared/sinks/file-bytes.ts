/** Gathers the bytes of a file that is being written into pieces large enough for a system call. */

const PIECE_BYTES = 1024 * 1024;

export function createFileBytes() {
  let pieces: Uint8Array[] = [];
  let size = 0;
  let added = 0;
  let taken = 0;

  function all(): Uint8Array {
    const bytes = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
    pieces = [];
    size = 0;
    taken = added;
    return bytes;
  }

  return {
    /** `bytes` must not change afterwards. `rows`: the number of rows that end in them. */
    add(bytes: Uint8Array, rows: number): void {
      pieces.push(bytes);
      size += bytes.length;
      added += rows;
    },
    rowsTaken: (): number => taken,
    take: (): Uint8Array | null => (size < PIECE_BYTES ? null : all()),
    end: all,
  };
}
