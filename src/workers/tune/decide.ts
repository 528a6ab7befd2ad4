/**
 * What of a search's find is kept: each change of a setting must be faster by more than the noise, and all of
 * them together must beat the start. Pure but for `measure`.
 */
import { compareInTurns } from './compare.ts';
import type { Reading } from './duel.ts';
import { beatsNoise, type Gain } from './gain.ts';
import type { Found, How, SearchOptions } from './search.ts';

/** Of a full measurement: a change that shows only in longer ones is not worth it. */
const CHECK_SHARE = 0.3;
/** Rounds of two readings each, until it is clear. */
/** Three rounds of it take as long as two full ones, and tell more of the noise. */
export const FINAL_SHARE = 0.7;
const CHECK_ROUNDS = { leastRounds: 1, mostRounds: 3 };
export const FINAL_ROUNDS = { leastRounds: 2, mostRounds: 3 };

export type Decided<P> = Pick<Found<P>, 'best' | 'rate' | 'startRate' | 'gain'>;

/** `proof`: by setting, what its changes alone have won in the search. */
interface Contender<P> {
  readonly point: P;
  readonly proof: Readonly<Record<string, Gain>>;
}

/** `startRuns`: as the search has seen it. */
export async function decide<P>(
  options: SearchOptions<P>,
  best: Contender<P>,
  startRuns: boolean,
): Promise<Decided<P>> {
  const { start, keyOf } = options;
  const taking = (how: How) => async (point: P) => options.measure(point, how);
  const long = taking({ bar: null, share: FINAL_SHARE, phase: 'final' });
  const kept = startRuns ? await dropIdleChanges(options, best, taking) : best.point;
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

/** Takes each change back that brings nothing beyond the noise: the walk follows what looks better, too. */
async function dropIdleChanges<P>(
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
    // The last change left is what the final comparison is about.
    if ([keyOf(start), keyOf(kept)].includes(keyOf(without))) continue;
    const { otherRate, gain } = await compareInTurns(kept, without, { ...CHECK_ROUNDS, measure });
    if (otherRate !== null && (gain === null || !beatsNoise(gain))) kept = without;
  }
  return kept;
}

/**
 * What is known of the best when a search is stopped on its way: all duels that it won. `overStart`: null where the
 * start does not run.
 */
export function decideEarly<P>(
  { start, keyOf }: Pick<SearchOptions<P>, 'start' | 'keyOf'>,
  { point, overStart }: { readonly point: P; readonly overStart: Gain | null },
): { readonly best: P; readonly gain: Gain | null } {
  if (keyOf(point) === keyOf(start)) return { best: start, gain: null };
  const stays = overStart !== null && !beatsNoise(overStart);
  return { best: stays ? start : point, gain: overStart };
}
