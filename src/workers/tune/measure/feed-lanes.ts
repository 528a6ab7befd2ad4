/** Keeps lanes busy, as the batcher does, until their rate is known. */
import { performance } from 'node:perf_hooks';
import { BATCHES_PER_LANE } from '../../lane-pool/lane-pool.ts';
import type { BatchResult } from '../../lane-pool/lane-handle.ts';
import type { LaneInput } from '../../lane/messages.ts';
import { isHopeless } from '../search/duel.ts';
import { rateOf, type Completion } from './lane-rate.ts';
import type { LaneSet } from './lane-set.ts';

/** The first batch of a lane ends within this time, unless the batch itself is slow. */
const NOTHING_YET_MS = 2_000;
/** Earliest time to give up settings that cannot win, as a share of the time that counts. */
const FIRST_LOOK = 0.25;
/** Intervals between batches that each lane needs before the first look, and before a measurement ends. */
const LEAST_AT_LOOK = 2;
const LEAST_AT_END = 3;
/**
 * A batch may take longer than a full measurement. After this many full measurements, the results so far must be
 * enough.
 */
const PATIENCE = 8;

interface FeedTimes {
  /** Time before anything counts. */
  readonly warmMs: number;
  /** Time that counts. */
  readonly windowMs: number;
  /** Time of a full measurement. */
  readonly fullMs: number;
}

export interface Fed {
  readonly rate: number;
  readonly error: number;
  readonly stoppedEarly: boolean;
  /** How long the last batch of a lane took. Infinity if unknown. */
  readonly batchMs: number;
  /** Settles when the batches in flight have finished. */
  readonly idle: Promise<unknown>;
}

/** Rejects if a batch fails as a whole. */
export async function feedLanes(
  set: Pick<LaneSet, 'lanes' | 'run'>,
  how: {
    readonly batchSize: number;
    readonly nextRows: (count: number) => readonly LaneInput[];
    /** Rows/s. If lanes clearly stay below it, their measurement ends early. */
    readonly bar: number | null;
  } & FeedTimes,
): Promise<Fed> {
  const { batchSize, bar, warmMs, windowMs, fullMs } = how;
  const lanes = set.lanes.length;
  const begun = performance.now();
  const cold = new Set(set.lanes.keys());
  let warmAt: number | null = null;
  let rowsDone = 0;
  const completions: Completion[] = [];
  const ending = createEnding<Omit<Fed, 'idle' | 'batchMs'>>();

  function judge(): void {
    const now = performance.now();
    const known = rateOf(completions, lanes);
    const late = now - (warmAt ?? begun + NOTHING_YET_MS) > fullMs * PATIENCE;
    if (known === null || warmAt === null) {
      const waited = now - begun - NOTHING_YET_MS;
      // The rate if all batches in flight ended now.
      const most = ((rowsDone + lanes * BATCHES_PER_LANE * batchSize) * 1000) / Math.max(1, waited);
      if ((bar !== null && waited > windowMs && most < bar) || late) {
        ending.end({ rate: (rowsDone * 1000) / (now - begun), error: 0.3, stoppedEarly: true });
      }
      return;
    }
    const { rate, error, intervals } = known;
    const measured = now - warmAt;
    if (measured >= windowMs * FIRST_LOOK && intervals >= LEAST_AT_LOOK && isHopeless(known, bar)) {
      ending.end({ rate, error, stoppedEarly: true });
    } else if ((measured >= windowMs && intervals >= LEAST_AT_END) || late) {
      ending.end({ rate, error, stoppedEarly: false });
    }
  }

  async function keepBusy(lane: number): Promise<void> {
    while (!ending.ended) {
      const batch = how.nextRows(batchSize);
      checkRan(await set.run(lane, batch));
      const at = performance.now();
      rowsDone += batch.length;
      cold.delete(lane);
      if (cold.size === 0 && at - begun >= warmMs) {
        warmAt ??= at;
        completions.push({ lane, at, rows: batch.length });
      }
      judge();
    }
  }

  const feeders = Array.from({ length: lanes * BATCHES_PER_LANE }, async (_, i) =>
    keepBusy(i % lanes).catch((error: unknown) => ending.fail(error)),
  );
  // A batch may take longer than the measurement, so the rate is also judged while no batch ends.
  const looking = setInterval(judge, Math.max(50, windowMs / 10));
  try {
    const fed = await ending.promise;
    return { ...fed, batchMs: lastBatchMs(completions), idle: Promise.all(feeders) };
  } finally {
    clearInterval(looking);
  }
}

function lastBatchMs(completions: readonly Completion[]): number {
  const last = completions.at(-1);
  const before = completions.findLast((done) => done.lane === last?.lane && done !== last);
  return last && before ? last.at - before.at : Infinity;
}

/** A promise that the first call of `end` or `fail` settles. */
function createEnding<T>() {
  let settle: { resolve: (value: T) => void; reject: (error: unknown) => void };
  const promise = new Promise<T>((resolve, reject) => (settle = { resolve, reject }));
  promise.catch(() => undefined);
  const ending = {
    promise,
    ended: false,
    end(value: T): void {
      ending.ended = true;
      settle.resolve(value);
    },
    fail(error: unknown): void {
      ending.ended = true;
      settle.reject(error);
    },
  };
  return ending;
}

/** If the runtime refuses a whole batch, no single row is at fault. */
function checkRan({ outcomes: { ends, errors } }: BatchResult): void {
  const refused = errors.filter(({ error }) => error.code === 'inference_failed');
  if (ends.length > 0 && refused.length === ends.length) throw new Error(refused[0]!.error.message);
}
