/**
 * An entry of the result cache: a line of JSON, followed by the unchanged result of a row. The line tells a whole entry
 * from a damaged one. Pure.
 */
import { z } from 'zod';
import { contentVersion } from '../../shared/delta/content-version.ts';
import type { RowKey } from './row-key.ts';

export interface CacheEntry {
  /** See RowOutcome. */
  readonly result: string;
  /** When it was written or last renewed, epoch ms. */
  readonly at: number;
}

/** Other versions are ignored, and rewritten. */
const HEAD = z.object({
  v: z.literal(1),
  key: z.string(),
  at: z.number(),
  /** Length of the result in bytes. */
  bytes: z.int().min(0),
  /** Hash of the result, which also detects changed bytes. */
  check: z.string(),
});

export function encodeEntry(key: RowKey, { result, at }: CacheEntry): Buffer {
  const body = Buffer.from(result, 'utf8');
  const head: z.infer<typeof HEAD> = { v: 1, key, at, bytes: body.length, check: contentVersion(body) };
  return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), body]);
}

/** Null: it is not a whole entry for this key. */
export function parseEntry(key: RowKey, entry: Buffer): CacheEntry | null {
  const end = entry.indexOf(10);
  const head = headOf(entry.toString('utf8', 0, Math.max(0, end)));
  if (head?.key !== key) return null;
  const body = entry.subarray(end + 1);
  if (body.length !== head.bytes || contentVersion(body) !== head.check) return null;
  return { result: body.toString('utf8'), at: head.at };
}

function headOf(line: string): z.infer<typeof HEAD> | null {
  try {
    return HEAD.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}
