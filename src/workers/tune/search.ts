/**
 * Coordinate descent over a discrete space that can only be measured, with noise. One axis after the other is
 * walked from the best point known while it gets better; each point meets the best in a duel of short
 * measurements, and whoever is clearly slower is left early. Pure but for `measure`; deterministic.
 */
import { CLEARLY, duel, type Champion, type Reading } from './duel.ts';

/** A line of points through `point`, in the order of one lever, `point` among them. */
export type Axis<P> = (point: P) => readonly P[];

export interface How {
  /** A rate; a measurement that clearly stays below it may end early. Null: it must not. */
  readonly bar: number | null;
  /** Of the time of a full measurement. */
  readonly share: number;
  readonly phase: 'search' | 'final';
}

export interface SearchOptions<P> {
  readonly start: P;
  /** In order of what usually brings most. */
  readonly axes: readonly Axis<P>[];
  readonly keyOf: (point: P) => string;
  readonly measure: (point: P, how: How) => Promise<Reading>;
  /** How often the best and the start are measured in full at the end, in turns. */
  readonly rounds?: number;
}

export interface Found<P> {
  /** Null where no point runs. */
  readonly best: P | null;
  readonly rate: number | null;
  /** The start, in the final comparison; null where it does not run. */
  readonly startRate: number | null;
  /** Points measured. */
  readonly measured: number;
}

/** Of a full measurement: turns tell two points apart that longer ones, apart in time, would not. */
const SHARE = 0.4;
/** A gain below this is noise, and not worth another point. */
const MIN_GAIN = 0.01;
/** Points past the best that are not clearly slower: ripples of noise do not stop a walk. */
const LOOK_BEYOND = 1;
/** Gained since an axis was walked, so much makes it worth walking again: less does not move its optimum. */
const WORTH_ANOTHER_WALK = 0.05;
/** Descent ends by itself; this only bounds a surface that noise keeps moving. */
const MAX_SWEEPS = 4;
/** The start stays where the best does not beat it by this: a change without a gain is none. */
const WORTH_A_CHANGE = 0.02;

export async function search<P>(options: SearchOptions<P>): Promise<Found<P>> {
  const { start, axes, keyOf } = options;
  const take = async (point: P, bar: number | null) =>
    options.measure(point, { bar, share: SHARE, phase: 'search' });
  /** Rates in units of the first point that runs: what the machine's speed does is not in them. */
  const scores = new Map<string, number>();
  let best: Champion<P> & { score: number } = {
    point: start,
    readings: [await take(start, null)],
    fresh: true,
    score: 0,
  };
  if (runs(best)) best.score = 1;
  scores.set(keyOf(start), best.score);

  /** Where the point stands, in units of the best as it was. */
  async function meet(point: P): Promise<{ ratio: number; won: boolean }> {
    const known = scores.get(keyOf(point));
    if (known !== undefined) return { ratio: known / best.score, won: false };
    if (!runs(best)) return firstThatRuns(point);
    const met = await duel(best, point, take);
    best = { ...best, ...met.champion };
    // Having run before, the best counts as it did.
    const ratio = met.ratio === Infinity ? 1 : met.ratio;
    const won = met.ratio > 1 + MIN_GAIN;
    scores.set(keyOf(point), ratio * best.score);
    if (won) best = { point, readings: met.readings, fresh: false, score: ratio * best.score };
    return { ratio, won };
  }

  async function firstThatRuns(point: P): Promise<{ ratio: number; won: boolean }> {
    const reading = await take(point, null);
    const won = reading.rate !== null;
    if (won) best = { point, readings: [reading], fresh: true, score: 1 };
    scores.set(keyOf(point), won ? 1 : 0);
    return { ratio: won ? 1 : 0, won };
  }

  /** Walks from `from` towards one end of the line; true where it found a better point. */
  async function walk(line: readonly P[], from: number, step: 1 | -1): Promise<boolean> {
    let found = false;
    let beyond = 0;
    for (let i = from + step; i >= 0 && i < line.length; i += step) {
      const { ratio, won } = await meet(line[i]!);
      if (won) {
        found = true;
        beyond = 0;
      } else if (runs(best) && (ratio < 1 - CLEARLY || ++beyond > LOOK_BEYOND)) {
        break;
      }
    }
    return found;
  }

  const walkedAt = axes.map(() => Number.NEGATIVE_INFINITY);
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
    let walked = false;
    for (const [i, axis] of axes.entries()) {
      if (best.score <= walkedAt[i]! * (1 + WORTH_ANOTHER_WALK)) continue;
      const line = axis(best.point);
      const from = line.findIndex((point) => keyOf(point) === keyOf(best.point));
      // The other side of a slope that was climbed is lower ground.
      if (!(await walk(line, from, 1))) await walk(line, from, -1);
      walkedAt[i] = best.score;
      walked = true;
    }
    if (!walked) break;
  }
  return { ...(await decide(options, best, scores)), measured: scores.size };
}

function runs({ readings }: Champion<unknown>): boolean {
  return readings.some(({ rate }) => rate !== null);
}

/** The best and the start again, in full and in turns: the gain that is told rests on this. */
async function decide<P>(
  { start, keyOf, measure, rounds = 2 }: SearchOptions<P>,
  best: Champion<P>,
  scores: ReadonlyMap<string, number>,
): Promise<Omit<Found<P>, 'measured'>> {
  if (!runs(best)) return { best: null, rate: null, startRate: null };
  const full = async (point: P) => measure(point, { bar: null, share: 1, phase: 'final' });
  if (keyOf(best.point) === keyOf(start)) {
    const [rate = 0] = await compareInTurns([start], 1, full);
    return { best: start, rate, startRate: rate };
  }
  const startRuns = (scores.get(keyOf(start)) ?? 0) > 0;
  const points = startRuns ? [best.point, start] : [best.point];
  const [rate = 0, startRate = null] = await compareInTurns(points, startRuns ? rounds : 1, full);
  return startRate !== null && rate < startRate * (1 + WORTH_A_CHANGE)
    ? { best: start, rate: startRate, startRate }
    : { best: best.point, rate, startRate };
}

/** Mean rate of each point; 0 for one that does not run after all. */
export async function compareInTurns<P>(
  points: readonly P[],
  rounds: number,
  measure: (point: P) => Promise<Reading>,
): Promise<number[]> {
  const sums = points.map(() => 0);
  for (let round = 0; round < rounds; round++) {
    // There and back: neighbours in time change places.
    const order = points.map((_, i) => (round % 2 === 0 ? i : points.length - 1 - i));
    for (const i of order) sums[i]! += (await measure(points[i]!)).rate ?? Number.NEGATIVE_INFINITY;
  }
  return sums.map((sum) => Math.max(0, sum / rounds));
}
