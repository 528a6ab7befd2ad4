/** What the result cache has done for a job. Counted when blocks are committed. */

/** `hits`: rows that were answered without a lane. `misses`: rows that the cache did not have. */
export interface CacheCounts {
  readonly hits: number;
  readonly misses: number;
}

/** What a block adds to the counts of its job. */
export function cacheStats({ hits, misses }: CacheCounts): Readonly<Record<string, number>> {
  return { cache_hits: hits, cache_misses: misses };
}
