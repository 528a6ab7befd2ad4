/**
 * Decides whether this worker may write to the result cache. Whenever it has written a fixed share of the limit, it
 * sweeps the cache. Until the sweep has ended, it may write only one more share.
 */
import type { Emit } from '../../shared/observe/events.ts';
import { messageOf } from '../../shared/errors.ts';
import type { CachePlace } from './cache-place.ts';
import { sweepCache } from './sweep-cache.ts';

export interface CacheBounds {
  /** False: the entry must be left out. */
  mayWrite(bytes: number): boolean;
  /** Settles when no sweep is in progress. Never rejects. */
  settled(): Promise<void>;
}

/** Bytes between two sweeps of a worker, as a share of the limit. */
const SHARE = 1 / 16;
/** A sweep that failed is tried again after this time. */
const PAUSE_MS = 60_000;

export function createCacheBounds(deps: {
  place: Pick<CachePlace, 'name' | 'entries' | 'remove'>;
  maxBytes: number;
  emit: Emit;
  now?: () => number;
}): CacheBounds {
  const { place, maxBytes, emit, now = Date.now } = deps;
  const share = maxBytes * SHARE;
  /** Nobody knows what earlier processes have left, so the first entry begins a sweep. */
  let allowed = 0;
  let sweeping: Promise<void> | null = null;
  let pausedUntil = 0;

  async function sweep(): Promise<void> {
    try {
      emit('cache.swept', { place: place.name, ...(await sweepCache(place, maxBytes)) });
    } catch (error) {
      // Without sweeps the cache would grow without bounds.
      allowed = 0;
      pausedUntil = now() + PAUSE_MS;
      emit('cache.failed', { what: 'sweep', place: place.name, error: messageOf(error) });
    }
    sweeping = null;
  }

  return {
    mayWrite(bytes) {
      if (allowed < bytes && sweeping === null && now() >= pausedUntil) {
        allowed = share;
        sweeping = sweep();
      }
      if (allowed < bytes) return false;
      allowed -= bytes;
      return true;
    },
    settled: async () => sweeping ?? undefined,
  };
}
