/**
 * Answers rows of a block from the result cache. Other rows go to a lane, and their results are kept. Equal rows of a
 * block are computed once.
 */
import type { CacheCounts } from '../../shared/domain/job/cache-counts.ts';
import { packOutcomes, unpackOutcomes, type Outcomes } from '../../shared/domain/outcomes.ts';
import type { RowOutcome } from '../../shared/domain/row.ts';
import { UNCHANGED } from '../../shared/domain/unchanged.ts';
import type { FileStamp } from '../../shared/files/file-version.ts';
import type { ResultCache } from '../cache/result-cache.ts';
import type { KeyOf, RowKey } from '../cache/row-key.ts';
import type { BudgetedRead } from '../intake/read/budgeted-reader.ts';

type ReadRow = (at: number) => BudgetedRead | Promise<BudgetedRead>;

/** The cache, as the rows of a run use it. */
export interface RunCache {
  readonly tenant: string;
  readonly keyOf: KeyOf;
  readonly cache: ResultCache;
  /** Whether a result may be kept. Failed rows never are. */
  readonly mayKeep: (result: string) => boolean;
  /** By key: the outcome of the first row of the run that has it. */
  readonly firsts: Map<RowKey, Promise<RowOutcome>>;
  /** Approximate bytes of the results that no lane has computed. */
  readonly taken: { bytes: number };
}

/** Rows of a run that are read together. */
export interface CachedRows {
  /** A reader that also looks rows up. A row that is answered goes to no lane. */
  reading(read: ReadRow): ReadRow;
  /**
   * Settles with all outcomes when new results are in the cache. Rejects with the error of `outcomes`, which are those of
   * all rows in order.
   */
  end(outcomes: Promise<readonly Outcomes[]>): Promise<readonly Outcomes[]>;
  counts(): CacheCounts;
}

interface First {
  readonly key: RowKey;
  readonly resolve: (outcome: RowOutcome) => void;
  readonly reject: (error: unknown) => void;
}

export function createCachedRows(run: RunCache, rows: number): CachedRows {
  const { tenant, keyOf, cache, mayKeep, firsts, taken } = run;
  /** The rows that are the first with their keys. */
  const own = new Map<number, First>();
  /** Results that the cache has. */
  const found = new Map<number, string>();
  /** Rows that equal an earlier one. */
  const repeats = new Map<number, Promise<RowOutcome>>();
  /** Rows whose results are to be written. */
  const wanted = new Map<number, RowKey>();
  /** Set when the rows are given up. Some of them may still be on their way from the reader. */
  let failure: { readonly error: unknown } | null = null;
  let stamps: Float64Array | null = null;
  let counts: CacheCounts = { hits: 0, misses: 0 };

  function noteStamp(at: number, { size, mtimeMs }: FileStamp): void {
    stamps ??= new Float64Array(2 * rows).fill(Number.NaN);
    stamps[2 * at] = size;
    stamps[2 * at + 1] = mtimeMs;
  }

  function becomeFirst(at: number, key: RowKey): void {
    const outcome = new Promise<RowOutcome>((resolve, reject) => own.set(at, { key, resolve, reject }));
    // A rejection is handled here, because nobody waits for the outcome of a row that is not repeated.
    outcome.catch(() => {});
    firsts.set(key, outcome);
    if (failure !== null) own.get(at)!.reject(failure.error);
  }

  async function look(at: number, read: BudgetedRead): Promise<BudgetedRead> {
    if (!read.ok) return read;
    if (read.stamp !== undefined) noteStamp(at, read.stamp);
    const key = keyOf(read.input);
    if (key === null) return read;
    const first = firsts.get(key);
    if (first !== undefined) repeats.set(at, first);
    else {
      becomeFirst(at, key);
      const entry = await cache.get(tenant, key);
      if (entry === null || entry.isOld) wanted.set(at, key);
      if (entry === null) return read;
      found.set(at, entry.result);
    }
    read.release?.();
    return { ok: false, error: UNCHANGED };
  }

  async function keep(outcomes: readonly RowOutcome[]): Promise<void> {
    await Promise.all(
      [...wanted].map(async ([at, key]) => {
        const outcome = outcomes[at]!;
        if (outcome.ok && mayKeep(outcome.result)) await cache.put(tenant, key, outcome.result);
      }),
    );
  }

  async function finish(given: readonly Outcomes[]): Promise<readonly Outcomes[]> {
    const outcomes = given.flatMap(unpackOutcomes);
    for (const [at, result] of found) outcomes[at] = { ok: true, result };
    // This comes before the wait for other rows, because those may wait for these.
    for (const [at, { resolve }] of own) resolve(outcomes[at]!);
    for (const [at, first] of repeats) outcomes[at] = await first;
    let hits = 0;
    for (const at of [...found.keys(), ...repeats.keys()]) {
      const outcome = outcomes[at]!;
      if (!outcome.ok) continue;
      hits += 1;
      taken.bytes += outcome.result.length;
    }
    counts = { hits, misses: own.size - found.size };
    await keep(outcomes);
    const isChanged = found.size + repeats.size > 0;
    return withStamps(isChanged ? [packOutcomes(outcomes)] : given, stamps);
  }

  return {
    reading: (read) => async (at) => look(at, await read(at)),
    async end(given) {
      try {
        return await finish(await given);
      } catch (error) {
        failure = { error };
        for (const { reject } of own.values()) reject(error);
        throw error;
      }
    },
    counts: () => counts,
  };
}

/** Lanes have not opened the files of these rows, so they do not know their stamps. */
function withStamps(outcomes: readonly Outcomes[], stamps: Float64Array | null): readonly Outcomes[] {
  if (stamps === null) return outcomes;
  let first = 0;
  return outcomes.map((part) => {
    const last = first + part.ends.length;
    const those = stamps.subarray(2 * first, 2 * last);
    first = last;
    return { ...part, stamps: those };
  });
}
