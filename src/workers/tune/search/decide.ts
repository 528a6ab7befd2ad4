/**
 * Decides how much to keep of the point that a search found. Each changed setting must gain more than the noise, and
 * all of them together must beat the start. Pure except for `measure`.
 */
import { compareInTurns } from './compare.ts';
import type { Reading } from './duel.ts';
import { beatsNoise, type Gain } from './gain.ts';
import type { Found, How, SearchOptions } from './search.ts';

/**
 * Share of a full measurement for checking one change. A change that shows only in longer measurements is not worth
 * keeping.
 */
const CHECK_SHARE = 0.3;
/**
 * Share of a full measurement for the final comparison. Three such rounds take about as long as two full rounds, and
 * show more of the noise.
 */
const FINAL_SHARE = 0.7;
/** Rounds of two readings each. */
const CHECK_ROUNDS = { leastRounds: 1, mostRounds: 3 };
const FINAL_ROUNDS = { leastRounds: 2, mostRounds: 3 };

export type Decided<P> = Pick<Found<P>, 'best' | 'rate' | 'startRate' | 'gain'>;

/** `proof`: for each setting, the gain that the search measured for changing it alone. */
interface Contender<P> {
  readonly point: P;
  readonly proof: Readonly<Record<string, Gain>>;
}

/** `startRuns`: whether the start ran in the search. */
export async function decide<P>(
  options: SearchOptions<P>,
  best: Contender<P>,
  startRuns: boolean,
): Promise<Decided<P>> {
  const { start, keyOf } = options;
  const taking = (how: How) => async (point: P) => options.measure(point, how);
  const long = taking({ bar: null, share: FINAL_SHARE, phase: 'final' });
  const kept = startRuns ? await dropUselessChanges(options, best, taking) : best.point;
  if (keyOf(kept) === keyOf(start) || !startRuns) {
    const { rate } = await long(kept);
    return { best: kept, rate: rate ?? 0, startRate: startRuns ? rate : null, gain: null };
  }
  const { rate, otherRate, gain } = await compareInTurns(kept, start, { ...FINAL_ROUNDS, measure: long });
  if (otherRate === null && rate !== null) return { best: kept, rate, startRate: null, gain: null };
  return gain !== null && beatsNoise(gain)
    ? { best: kept, rate, startRate: otherRate, gain }
    : { best: start, rate: otherRate, startRate: otherRate, gain };
}

/**
 * Reverts each change that gains nothing beyond the noise, because the search also follows points that only look
 * better.
 */
async function dropUselessChanges<P>(
  { start, keyOf, changesOf }: SearchOptions<P>,
  { point, proof }: Contender<P>,
  taking: (how: How) => (point: P) => Promise<Reading>,
): Promise<P> {
  let kept = point;
  const measure = taking({ bar: null, share: CHECK_SHARE, phase: 'search' });
  for (const { name, takeBack } of changesOf(point, start)) {
    const proven = proof[name];
    if (proven !== undefined && beatsNoise(proven)) continue;
    const without = takeBack(kept);
    // If this is the last change left, the final comparison checks it.
    if ([keyOf(start), keyOf(kept)].includes(keyOf(without))) continue;
    const { otherRate, gain } = await compareInTurns(kept, without, { ...CHECK_ROUNDS, measure });
    if (otherRate !== null && (gain === null || !beatsNoise(gain))) kept = without;
  }
  return kept;
}

/**
 * Decides after a stopped search, by the duels that the best point has won. `overStart`: null if the start does not
 * run.
 */
export function decideEarly<P>(
  { start, keyOf }: Pick<SearchOptions<P>, 'start' | 'keyOf'>,
  { point, overStart }: { readonly point: P; readonly overStart: Gain | null },
): { readonly best: P; readonly gain: Gain | null } {
  if (keyOf(point) === keyOf(start)) return { best: start, gain: null };
  const stays = overStart !== null && !beatsNoise(overStart);
  return { best: stays ? start : point, gain: overStart };
}
