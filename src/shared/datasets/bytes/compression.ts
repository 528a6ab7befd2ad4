/** Recognises compressed files by their first bytes, because names can be wrong. Pure. */

export type Compression = 'gzip' | 'zstd';

/** The number of bytes needed to recognise them. */
export const COMPRESSION_HEAD_BYTES = 10;

/** How a file that begins with `head` is compressed. Null: in no way that can be read. */
export function compressionOf(head: Uint8Array): Compression | null {
  const [a = 0, b, c, d] = head;
  if (a === 0x1f && b === 0x8b && c === 8) return 'gzip';
  if (a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd) return 'zstd';
  // A skippable frame, which some tools write first.
  return a >> 4 === 5 && b === 0x2a && c === 0x4d && d === 0x18 ? 'zstd' : null;
}

const OTHERS: readonly (readonly [name: string, bytes: readonly number[]])[] = [
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]],
  ['lz4', [0x04, 0x22, 0x4d, 0x18]],
  ['compress', [0x1f, 0x9d]],
];
/** After `BZh` and a digit. */
const BZIP2_BLOCK = [0x31, 0x41, 0x59, 0x26, 0x53, 0x59];

/** The name of a compression that cannot be read. Null: none that is known. */
export function foreignCompression(head: Uint8Array): string | null {
  const isBzip2 = startsWith(head, [0x42, 0x5a, 0x68]) && startsWith(head.subarray(4), BZIP2_BLOCK);
  return isBzip2 ? 'bzip2' : (OTHERS.find(([, bytes]) => startsWith(head, bytes))?.[0] ?? null);
}

function startsWith(head: Uint8Array, bytes: readonly number[]): boolean {
  return bytes.every((byte, i) => head[i] === byte);
}
