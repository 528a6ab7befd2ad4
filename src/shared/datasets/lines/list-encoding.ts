/** Detects the encoding of a list by its first bytes. Only UTF-8 can be read. The error names any other encoding. */

import { isLfsPointer } from './lfs-pointer.ts';

/** The number of bytes needed for detection. */
export const ENCODING_HEAD_BYTES = 128;

const MARKS: readonly (readonly [bytes: readonly number[], name: string, iconv: string])[] = [
  // Must come before UTF-16, whose mark is the start of this one.
  [[0xff, 0xfe, 0, 0], 'UTF-32 (little-endian)', 'UTF-32LE'],
  [[0, 0, 0xfe, 0xff], 'UTF-32 (big-endian)', 'UTF-32BE'],
  [[0xff, 0xfe], 'UTF-16 (little-endian)', 'UTF-16LE'],
  [[0xfe, 0xff], 'UTF-16 (big-endian)', 'UTF-16BE'],
];
const UTF8_MARK = [0xef, 0xbb, 0xbf];

/** The length of the UTF-8 byte order mark at the start; 0 if there is none. */
export function markLength(head: Uint8Array): number {
  return startsWith(head, UTF8_MARK) ? UTF8_MARK.length : 0;
}

/** Returns the end of a sentence about the list: its problem and the fix. Null if the list can be read. */
export function listProblem(head: Uint8Array): string | null {
  const mark = MARKS.find(([bytes]) => startsWith(head, bytes));
  if (mark) return asUtf8(mark[1], mark[2]);
  const [a, b, c, d] = head;
  // Two ASCII characters in UTF-16 without a mark.
  if (a && b === 0 && c && d === 0) return asUtf8('UTF-16 (little-endian)', 'UTF-16LE');
  if (a === 0 && b && c === 0 && d) return asUtf8('UTF-16 (big-endian)', 'UTF-16BE');
  if (isLfsPointer(head)) return 'is a Git LFS pointer, not the list itself. Fetch it with: git lfs pull';
  return null;
}

function asUtf8(name: string, iconv: string): string {
  return `is ${name}. Save it as UTF-8, for example with: iconv -f ${iconv} -t UTF-8`;
}

function startsWith(head: Uint8Array, bytes: readonly number[]): boolean {
  return bytes.every((byte, i) => head[i] === byte);
}
