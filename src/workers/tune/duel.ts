/**
 * A point against the best known, in turns: best, other, best, other, best. What the machine does meanwhile hits
 * both alike, and a slow drift cancels out. Ends as soon as it is decided. Pure but for `take`.
 */

import type { Gain } from './gain.ts';

/** Rows/s with half its 95 % interval as a share; null rate: it does not run (memory, failure). */
export interface Reading {
  readonly rate: number | null;
  readonly error: number;
}

export interface Champion<P> {
  readonly point: P;
  /** Oldest first; the last is what the next duel begins with. */
  readonly readings: readonly Reading[];
  /** Whether nothing was measured since. */
  readonly fresh: boolean;
}

export interface Duel<P> {
  /** The point's rate, in units of the champion's; 0: it does not run, Infinity: the champion does not. */
  readonly ratio: number;
  /** The same with its noise; null where it was not measured on both sides. */
  readonly gain: Gain | null;
  readonly readings: readonly Reading[];
  readonly champion: Champion<P>;
}

/** A point that is this much slower, beyond what its error allows, is clearly worse. */
export const CLEARLY = 0.03;
/** The machine's speed moves by less from one measurement to the next; where it moved by more, they tell nothing. */
const DRIFT = 0.25;
/** Turns of the point: a second one where the first left it open. */
const MOST_TURNS = 2;
/** A ratio known this well is known well enough. */
const SURE = 0.04;

/** `bar`: a measurement that clearly stays below may end early; null: it must not. */
export async function duel<P>(
  champion: Champion<P>,
  point: P,
  take: (point: P, bar: number | null) => Promise<Reading>,
): Promise<Duel<P>> {
  const best = [...champion.readings];
  const readings: Reading[] = [];
  const pairs: Gain[] = [];
  const ended = (ratio: number, fresh: boolean, gain: Gain | null = null): Duel<P> => ({
    ratio,
    gain,
    readings,
    champion: { ...champion, readings: best, fresh },
  });

  for (let turn = 1; turn <= MOST_TURNS; turn++) {
    const bar = barOf(best);
    const reading = await take(point, bar);
    readings.push(reading);
    if (reading.rate === null) return ended(0, false);
    const adjacent = turn > 1 || champion.fresh;
    if (adjacent && bar !== null && mostOf(reading) < bar * (1 - DRIFT)) {
      return ended(reading.rate / bar, false);
    }
    const before = best.at(-1)!;
    const after = await take(champion.point, null);
    best.push(after);
    if (after.rate === null) return ended(Infinity, true);
    if (!isSteady(before, after) && turn < MOST_TURNS) continue;
    pairs.push(pairOf(before, reading, after));
    if (isDecided(meanPair(pairs))) break;
  }
  return ended(Math.exp(meanPair(pairs).log), true, gainOf(pairs));
}

/** Whether what was measured until now rules out that the point reaches `bar`. */
export function isHopeless(reading: Reading, bar: number | null): boolean {
  return bar !== null && reading.rate !== null && mostOf(reading) < bar * (1 - CLEARLY);
}

/** The lower of the champion's last two: a single reading may have been lucky. */
function barOf(readings: readonly Reading[]): number | null {
  const [a, b] = readings.slice(-2);
  return a === undefined || b === undefined ? null : Math.min(a.rate ?? 0, b.rate ?? 0);
}

function mostOf({ rate, error }: Reading): number {
  return (rate ?? 0) * (1 + 2 * error);
}

function isSteady(before: Reading, after: Reading): boolean {
  return Math.abs(Math.log((before.rate ?? 0) / (after.rate ?? 0))) < DRIFT;
}

/** The middle of the champion's two readings is what it would have had in the point's place. */
function pairOf(before: Reading, between: Reading, after: Reading): Gain {
  return {
    log: Math.log((2 * between.rate!) / (before.rate! + after.rate!)),
    noise: Math.hypot(between.error, before.error / 2, after.error / 2),
  };
}

/** For the walk alone, which must be quick: without what the pairs differ by. */
function meanPair(pairs: readonly Gain[]): Gain {
  const mean = (of: (pair: Gain) => number) => pairs.reduce((sum, pair) => sum + of(pair), 0) / pairs.length;
  return { log: mean(({ log }) => log), noise: mean(({ noise }) => noise) / Math.sqrt(pairs.length) };
}

/** The noise is at least what two pairs differ by: with so few of them a stricter bound would rule out everything. */
function gainOf(pairs: readonly Gain[]): Gain {
  const { log, noise } = meanPair(pairs);
  const logs = pairs.map((pair) => pair.log);
  return { log, noise: Math.max(noise, Math.max(...logs) - Math.min(...logs)) };
}

/** Beyond one standard deviation, not two: a second turn everywhere would cost more than the rare mistake. */
function isDecided({ log, noise }: Gain): boolean {
  return noise < SURE || Math.abs(log) > noise / 2;
}
