/**
 * Measures two points in turns until it is clear whether the first is faster by more than the noise. Reported gains and
 * changes of settings rely on it. Pure except for `measure`.
 */
import type { Reading } from './duel.ts';
import { beatsNoise, mayBeat, meanGain, type Gain } from './gain.ts';

export interface Compared {
  /** Mean rates. Null for a point that does not run after all. */
  readonly rate: number | null;
  readonly otherRate: number | null;
  /** The gain of the first point over the second. Null if one of them does not run. */
  readonly gain: Gain | null;
}

export interface CompareHow<P> {
  readonly mostRounds: number;
  /** Minimum rounds before the first point may be given up as not faster. */
  readonly leastRounds: number;
  readonly measure: (point: P) => Promise<Reading>;
}

/** The spread of repetitions decides whether a gain is credible, so one repetition is not enough. */
const ROUNDS_TO_BELIEVE = 2;

export async function compareInTurns<P>(
  point: P,
  other: P,
  { mostRounds, leastRounds, measure }: CompareHow<P>,
): Promise<Compared> {
  const rates: number[] = [];
  const otherRates: number[] = [];
  const gains: Gain[] = [];
  for (let round = 0; round < mostRounds; round++) {
    // The order alternates, so that a steady drift cancels out.
    const pointFirst = round % 2 === 0;
    const first = await measure(pointFirst ? point : other);
    const second = await measure(pointFirst ? other : point);
    const [mine, its] = pointFirst ? [first, second] : [second, first];
    if (mine.rate === null || its.rate === null) {
      return { rate: mine.rate, otherRate: its.rate, gain: null };
    }
    rates.push(mine.rate);
    otherRates.push(its.rate);
    gains.push({ log: Math.log(mine.rate / its.rate), noise: Math.hypot(mine.error, its.error) });
    const known = meanGain(gains);
    if (gains.length >= ROUNDS_TO_BELIEVE && beatsNoise(known)) break;
    if (gains.length >= leastRounds && !mayBeat(known)) break;
  }
  return { rate: mean(rates), otherRate: mean(otherRates), gain: meanGain(gains) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
