/**
 * Keeps the result cache below a size. Removes the least recently used entries, in constant memory. Several processes
 * may sweep at once: they choose the same entries, and the result of a missing entry is only computed again.
 */
import type { CachePlace, FoundEntry } from './cache-place.ts';

export interface SweptCache {
  /** What is left. */
  readonly entries: number;
  readonly bytes: number;
  readonly removed: number;
}

/** Above this share of the limit, entries are removed until the cache has only `LOW` of it. */
const HIGH = 7 / 8;
const LOW = 3 / 4;
/** Entries of one minute count as equally old. */
const MINUTE_MS = 60_000;
const REMOVALS_AT_ONCE = 16;

export async function sweepCache(
  place: Pick<CachePlace, 'entries' | 'remove'>,
  maxBytes: number,
): Promise<SweptCache> {
  const minutes = new Map<number, number>();
  let bytes = 0;
  let entries = 0;
  for await (const entry of place.entries()) {
    const minute = minuteOf(entry);
    minutes.set(minute, (minutes.get(minute) ?? 0) + entry.bytes);
    bytes += entry.bytes;
    entries += 1;
  }
  if (bytes <= maxBytes * HIGH) return { entries, bytes, removed: 0 };
  const { last, ofLast } = oldest(minutes, bytes - maxBytes * LOW);
  let left = ofLast;
  let removed = 0;
  let removing: Promise<void>[] = [];
  for await (const entry of place.entries()) {
    const minute = minuteOf(entry);
    if (minute > last || (minute === last && left <= 0)) continue;
    if (minute === last) left -= entry.bytes;
    bytes -= entry.bytes;
    removed += 1;
    removing.push(place.remove(entry.at));
    if (removing.length < REMOVALS_AT_ONCE) continue;
    await Promise.all(removing);
    removing = [];
  }
  await Promise.all(removing);
  return { entries: entries - removed, bytes, removed };
}

/** The entries up to minute `last` must go: of that minute, `ofLast` bytes, and of earlier minutes, all. */
function oldest(minutes: ReadonlyMap<number, number>, bytes: number): { last: number; ofLast: number } {
  let left = bytes;
  for (const [minute, found] of [...minutes].toSorted(([a], [b]) => a - b)) {
    if (found >= left) return { last: minute, ofLast: left };
    left -= found;
  }
  return { last: Infinity, ofLast: 0 };
}

function minuteOf({ writtenAt }: FoundEntry): number {
  return Math.floor(writtenAt / MINUTE_MS);
}
