/**
 * Tells an outage of the operator's store from an object that cannot be read. In an outage, the rows wait: the run of
 * their block fails, and the block is run again. An object that stays unreadable while others can be read costs one row.
 */
import { performance } from 'node:perf_hooks';
import { ForebayError } from '../../../shared/errors.ts';
import { bucketUrl } from '../../../shared/stores/object-url.ts';
import type { Stores } from '../../../shared/stores/stores.ts';

/** Not a failure of one row. */
export class StoreOutage extends ForebayError {
  constructor(url: string, cause: ForebayError) {
    const bucket = bucketUrl(url).slice(0, -1);
    super('storage_unavailable', `${bucket} cannot be read: ${cause.message}`, { cause });
  }
}

export interface OutageCheck {
  /** Reads something in an object store. Rejects with StoreOutage if the store fails, too. */
  run<T>(url: string, signal: AbortSignal, read: () => Promise<T>): Promise<T>;
}

/** The store may have recovered between a failure and the question whether it answers. So an object gets two chances. */
const ROUNDS = 2;
/** A store that takes longer to answer is down. */
const ANSWER_MS = 5_000;
/** Forebay never writes it. "It does not exist" and "access denied" are answers, too. */
const PROBE = '.forebay-probe';
/**
 * A store that has just started may answer, and read no object yet. So rows wait while no object can be read. After this
 * time they have errors, because a bucket may hold nothing but unreadable objects.
 */
const UNREAD_MS = 60_000;

/** Times of a bucket, in ms of `performance.now()`. */
interface Bucket {
  /** When an object was last read. */
  readAt: number;
  /** The first and the last failure of a series, while the store answered. Null: there was none. */
  failing: { readonly since: number; readonly last: number } | null;
}

export function createOutageCheck(stores: Pick<Stores, 'of'>, { unreadMs = UNREAD_MS } = {}): OutageCheck {
  const buckets = new Map<string, Bucket>();
  /** Many rows fail together, and ask together. */
  const asking = new Map<string, Promise<boolean>>();

  async function answers(url: string): Promise<boolean> {
    const probe = bucketUrl(url) + PROBE;
    const known = asking.get(probe);
    if (known !== undefined) return known;
    const asked = ask(probe).finally(() => asking.delete(probe));
    asking.set(probe, asked);
    return asked;
  }

  async function ask(probe: string): Promise<boolean> {
    const tooLate = AbortSignal.timeout(ANSWER_MS);
    try {
      await (await stores.of(probe)).stat(probe, tooLate);
      return true;
    } catch (error) {
      return !tooLate.aborted && error instanceof ForebayError && !error.retryable;
    }
  }

  function bucketOf(url: string): Bucket {
    const name = bucketUrl(url);
    const known = buckets.get(name);
    if (known !== undefined) return known;
    const fresh = { readAt: -Infinity, failing: null };
    buckets.set(name, fresh);
    return fresh;
  }

  function noteFailure(bucket: Bucket): void {
    const last = performance.now();
    const { failing } = bucket;
    bucket.failing = {
      since: failing !== null && last - failing.last < unreadMs ? failing.since : last,
      last,
    };
  }

  /** Whether no object has been read since failures began, though not for too long. */
  function readsNothing({ readAt, failing }: Bucket): boolean {
    return failing !== null && readAt < failing.since && failing.last - failing.since < unreadMs;
  }

  return {
    async run(url, signal, read) {
      const bucket = bucketOf(url);
      for (let round = 1; ; round++) {
        try {
          const found = await read();
          bucket.readAt = performance.now();
          return found;
        } catch (error) {
          signal.throwIfAborted();
          if (!(error instanceof ForebayError) || !error.retryable) throw error;
          const isUp = await answers(url);
          signal.throwIfAborted();
          if (!isUp) {
            bucket.failing = null;
            throw new StoreOutage(url, error);
          }
          noteFailure(bucket);
          if (round < ROUNDS) continue;
          if (readsNothing(bucket)) throw new StoreOutage(url, error);
          throw error;
        }
      }
    },
  };
}

/** For programs without a service, such as `forebay tune`. There, each failure concerns only its row. */
export const NO_OUTAGES: OutageCheck = { run: async (_url, _signal, read) => read() };
