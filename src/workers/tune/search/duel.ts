/**
 * Compares a point with the best known one in turns: best, other, best, other, best. So disturbances affect both alike,
 * and a slow drift cancels out. Ends as soon as it is decided. Pure except for `take`.
 */

import type { Gain } from './gain.ts';

/**
 * One measurement. `error`: half the 95 % interval, as a share. `rate`: in rows/s, null if it does not run (memory,
 * failure).
 */
export interface Reading {
  readonly rate: number | null;
  readonly error: number;
}

export interface Champion<P> {
  readonly point: P;
  /** Oldest first. The next duel starts with the last of them. */
  readonly readings: readonly Reading[];
  /** Whether nothing else was measured since the last reading. */
  readonly fresh: boolean;
}

export interface Duel<P> {
  /** The point's rate, in units of the champion's. 0 if the point does not run, Infinity if the champion does not. */
  readonly ratio: number;
  /** The same ratio as a gain with its noise. Null unless both points were measured. */
  readonly gain: Gain | null;
  readonly readings: readonly Reading[];
  readonly champion: Champion<P>;
}

/** A point that is slower by this share, beyond its error, is clearly worse. */
export const CLEARLY_WORSE = 0.03;
/**
 * The machine's speed usually changes by less from one reading to the next. If it changed by more, the readings are
 * inconclusive.
 */
const DRIFT = 0.25;
/** Turns of the point. It gets a second one if the first was not clear. */
const MOST_TURNS = 2;
/** A ratio with less noise is known well enough. */
const KNOWN_WELL = 0.04;

/** `take` measures a point. It may end early if `bar` is not null and the rate clearly stays below it. */
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

/** Whether the reading rules out that the point reaches `bar`. */
export function isHopeless(reading: Reading, bar: number | null): boolean {
  return bar !== null && reading.rate !== null && mostOf(reading) < bar * (1 - CLEARLY_WORSE);
}

/** The lower of the champion's last two readings, because a single one may have been lucky. */
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

/** Compares the point with the mean of the champion's readings before and after. */
function pairOf(before: Reading, between: Reading, after: Reading): Gain {
  return {
    log: Math.log((2 * between.rate!) / (before.rate! + after.rate!)),
    noise: Math.hypot(between.error, before.error / 2, after.error / 2),
  };
}

/** Ignores how much the pairs differ, because the search must be quick and has only one or two pairs. */
function meanPair(pairs: readonly Gain[]): Gain {
  const mean = (of: (pair: Gain) => number) => pairs.reduce((sum, pair) => sum + of(pair), 0) / pairs.length;
  return { log: mean(({ log }) => log), noise: mean(({ noise }) => noise) / Math.sqrt(pairs.length) };
}

/** The noise is at least the difference of two pairs. With so few pairs, a stricter bound would rule out everything. */
function gainOf(pairs: readonly Gain[]): Gain {
  const { log, noise } = meanPair(pairs);
  const logs = pairs.map((pair) => pair.log);
  return { log, noise: Math.max(noise, Math.max(...logs) - Math.min(...logs)) };
}

/** One standard deviation decides, not two. A second turn each time would cost more than a rare mistake. */
function isDecided({ log, noise }: Gain): boolean {
  return noise < KNOWN_WELL || Math.abs(log) > noise / 2;
}
