/** The headers of HTTP range requests. Pure. */
import type { ByteRange } from './store.ts';

export function rangeHeader(range: ByteRange | undefined): { readonly range?: string } {
  return range === undefined ? {} : { range: `bytes=${range.from}-${range.to - 1}` };
}

/** The size of the whole object in a `Content-Range` header. Null if it is not there. */
export function sizeInRange(header: string | string[] | undefined): number | null {
  const [, size] = /^bytes (?:\d+-\d+|\*)\/(\d+)$/.exec(String(header)) ?? [];
  return size === undefined ? null : Number(size);
}
