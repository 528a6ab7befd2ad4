/** Identifies the content of a file. */
import type { BigIntStats } from 'node:fs';

/** Changes whenever the size or the modification time does. */
export function versionOf({ size, mtimeNs }: Pick<BigIntStats, 'size' | 'mtimeNs'>): string {
  return `${size}-${mtimeNs}`;
}
