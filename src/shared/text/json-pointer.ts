/** JSON pointers (RFC 6901). Pure. */

/** The pointer of a path; the whole document is "". */
export function jsonPointer(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
