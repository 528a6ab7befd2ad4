/** Git LFS pointers: what a checkout holds in place of a large file that was not fetched. */

const START = Buffer.from('version https://git-lfs.github.com/spec/');

/** By the first bytes of a file. */
export function isLfsPointer(head: Uint8Array): boolean {
  return head.length >= START.length && START.equals(head.subarray(0, START.length));
}
