/** Git LFS pointers, which a checkout holds in place of large files that were not fetched. */

const START = Buffer.from('version https://git-lfs.github.com/spec/');

/** `head` is the start of a file. */
export function isLfsPointer(head: Uint8Array): boolean {
  return head.length >= START.length && START.equals(head.subarray(0, START.length));
}
