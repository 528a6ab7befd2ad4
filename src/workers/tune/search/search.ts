/**
 * Coordinate descent over a discrete space of noisy measurements. It walks along one axis after the other from the best
 * known point, as long as points get better. Each point meets the best one in a duel of short measurements, which ends
 * early if a point is clearly slower. Deterministic, and pure except for `measure`.
 */
import { decide, decideEarly } from './decide.ts';
import { CLEARLY_WORSE, duel, type Champion, type Reading } from './duel.ts';
import { addGains, NO_GAIN, type Gain } from './gain.ts';

/** A line of points through `point`, in order of one setting. Includes `point`. */
export type Axis<P> = (point: P) => readonly P[];

export interface How {
  /** Rows/s. A measurement that clearly stays below it may end early. Null: it must not. */
  readonly bar: number | null;
  /** Share of the time of a full measurement. */
  readonly share: number;
  readonly phase: 'search' | 'final';
}

export interface SearchOptions<P> {
  readonly start: P;
  /** Axes that usually gain the most come first. */
  readonly axes: readonly Axis<P>[];
  readonly keyOf: (point: P) => string;
  readonly measure: (point: P, how: How) => Promise<Reading>;
  /** The settings in which `point` differs from `from`. */
  readonly changesOf: (point: P, from: P) => readonly Change<P>[];
  /** When it aborts, the search ends with the results so far. Then `measure` must reject. */
  readonly signal?: AbortSignal;
}

/** A change of one setting. */
export interface Change<P> {
  readonly name: string;
  readonly takeBack: (point: P) => P;
}

export interface Found<P> {
  /** The point to use. Null if no point runs. */
  readonly best: P | null;
  /** Rows/s of `best`. Null if no point runs, or if the search was stopped before its final comparison. */
  readonly rate: number | null;
  /** The start's rows/s in the final comparison. Null if it does not run, or if there was no comparison. */
  readonly startRate: number | null;
  /** The gain of the best point found over the start, kept or not. Null if there was nothing to compare. */
  readonly gain: Gain | null;
  /** Number of points that were measured. */
  readonly measured: number;
  /**
   * By key, rates in units of the rate of the first point that runs, usually the start. Changes of the machine's speed
   * do not affect them. 0 if a point does not run.
   */
  readonly scores: ReadonlyMap<string, number>;
  /** Whether the search was stopped. */
  readonly stopped: boolean;
}

/** Share of a full measurement. Short turns tell points apart better than long measurements at different times. */
const DUEL_SHARE = 0.4;
/** A smaller gain is noise, and not worth another point. */
const MIN_GAIN = 0.01;
/** A walk continues past this many points that are not clearly slower, so that noise does not stop it. */
const LOOK_BEYOND = 1;
/** An axis is walked again after a gain of this share elsewhere. A smaller one does not move its optimum. */
const WORTH_ANOTHER_WALK = 0.05;
/** Descent ends by itself. This bounds it in case noise keeps it going. */
const MAX_SWEEPS = 4;

export async function search<P>(given: SearchOptions<P>): Promise<Found<P>> {
  const { start, axes, keyOf } = given;
  const measured = new Set<string>();
  const options: SearchOptions<P> = {
    ...given,
    measure: async (point, how) => {
      const reading = await given.measure(point, how);
      measured.add(keyOf(point));
      return reading;
    },
  };
  const take = async (point: P, bar: number | null) =>
    options.measure(point, { bar, share: DUEL_SHARE, phase: 'search' });
  /** Rates in units of the first point that runs. Changes of the machine's speed do not affect them. */
  const scores = new Map<string, number>();
  let best: Best<P> = { point: start, readings: [], fresh: true, score: 0, overStart: null, proof: {} };

  /** Compares the point with the best so far. `ratio` is in units of that best point's rate. */
  async function meet(point: P): Promise<{ ratio: number; won: boolean }> {
    const known = scores.get(keyOf(point));
    if (known !== undefined) return { ratio: known / best.score, won: false };
    if (!runs(best)) return firstThatRuns(point);
    const met = await duel(best, point, take);
    best = { ...best, ...met.champion };
    // An infinite ratio: the best point fails now, but it ran before. So the new point gets its score.
    const ratio = met.ratio === Infinity ? 1 : met.ratio;
    const won = met.ratio > 1 + MIN_GAIN;
    scores.set(keyOf(point), ratio * best.score);
    if (won) {
      const overStart = best.overStart && met.gain && addGains(best.overStart, met.gain);
      const proof = withProof(best.proof, options.changesOf(point, best.point), met.gain);
      best = { point, readings: met.readings, fresh: false, score: ratio * best.score, overStart, proof };
    }
    return { ratio, won };
  }

  async function firstThatRuns(point: P): Promise<{ ratio: number; won: boolean }> {
    const reading = await take(point, null);
    const won = reading.rate !== null;
    if (won) best = { point, readings: [reading], fresh: true, score: 1, overStart: null, proof: {} };
    scores.set(keyOf(point), won ? 1 : 0);
    return { ratio: won ? 1 : 0, won };
  }

  /** Walks from `from` towards one end of the line. Returns whether it found a better point. */
  async function walk(line: readonly P[], from: number, step: 1 | -1): Promise<boolean> {
    let found = false;
    let beyond = 0;
    for (let i = from + step; i >= 0 && i < line.length; i += step) {
      const { ratio, won } = await meet(line[i]!);
      if (won) {
        found = true;
        beyond = 0;
      } else if (runs(best) && (ratio < 1 - CLEARLY_WORSE || ++beyond > LOOK_BEYOND)) {
        break;
      }
    }
    return found;
  }

  async function descend(): Promise<void> {
    const reading = await take(start, null);
    const startRuns = reading.rate !== null;
    best = { ...best, readings: [reading], score: startRuns ? 1 : 0, overStart: startRuns ? NO_GAIN : null };
    scores.set(keyOf(start), best.score);
    const walkedAt = axes.map(() => Number.NEGATIVE_INFINITY);
    for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
      let walked = false;
      for (const [i, axis] of axes.entries()) {
        if (best.score <= walkedAt[i]! * (1 + WORTH_ANOTHER_WALK)) continue;
        const line = axis(best.point);
        const from = line.findIndex((point) => keyOf(point) === keyOf(best.point));
        // If one direction led up, the other one leads down.
        if (!(await walk(line, from, 1))) await walk(line, from, -1);
        walkedAt[i] = best.score;
        walked = true;
      }
      if (!walked) return;
    }
  }

  const found = () => ({ measured: measured.size, scores });
  try {
    await descend();
    if (!runs(best)) {
      return { best: null, rate: null, startRate: null, gain: null, stopped: false, ...found() };
    }
    const startRuns = (scores.get(keyOf(start)) ?? 0) > 0;
    return { ...(await decide(options, best, startRuns)), stopped: false, ...found() };
  } catch (error) {
    if (options.signal?.aborted !== true) throw error;
    const early = runs(best) ? decideEarly(options, best) : { best: null, gain: null };
    return { ...early, rate: null, startRate: null, stopped: true, ...found() };
  }
}

interface Best<P> extends Champion<P> {
  readonly score: number;
  /** Its gain over the start. Null if the start does not run. */
  readonly overStart: Gain | null;
  /** For each setting, the gain that duels measured for changing it alone. */
  readonly proof: Readonly<Record<string, Gain>>;
}

/** A win with several changed settings proves none of them. */
function withProof(
  proof: Best<unknown>['proof'],
  changes: readonly Pick<Change<unknown>, 'name'>[],
  gain: Gain | null,
): Best<unknown>['proof'] {
  const [only] = changes;
  if (only === undefined || changes.length > 1 || gain === null) return proof;
  return { ...proof, [only.name]: addGains(proof[only.name] ?? NO_GAIN, gain) };
}

function runs({ readings }: Champion<unknown>): boolean {
  return readings.some(({ rate }) => rate !== null);
}
