/**
 * Coordinate descent over a discrete space that can only be measured, with noise. One axis after the other is
 * walked from the best point known while it gets better; each point meets the best in a duel of short
 * measurements, and whoever is clearly slower is left early. Pure but for `measure`; deterministic.
 */
import { decide, decideEarly } from './decide.ts';
import { CLEARLY, duel, type Champion, type Reading } from './duel.ts';
import { addGains, NO_GAIN, type Gain } from './gain.ts';

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
  /** The settings in which `point` differs from `from`. */
  readonly changesOf: (point: P, from: P) => readonly Change<P>[];
  /** Once aborted, the search ends with what it has; `measure` must then reject. */
  readonly signal?: AbortSignal;
}

/** Of one setting. */
export interface Change<P> {
  readonly name: string;
  readonly takeBack: (point: P) => P;
}

export interface Found<P> {
  /** What is to be used; null where no point runs. */
  readonly best: P | null;
  /** Rows/s of it; null where no point runs, or the search was stopped before its final comparison. */
  readonly rate: number | null;
  /** The start, in the final comparison; null where it does not run or there was none. */
  readonly startRate: number | null;
  /** Of the best that was found over the start, kept or not; null where there was nothing to compare. */
  readonly gain: Gain | null;
  /** Points measured. */
  readonly measured: number;
  /** By key: rates in units of the start's, each compared at the same time. 0: it does not run. */
  readonly scores: ReadonlyMap<string, number>;
  /** Whether it was stopped on its way. */
  readonly stopped: boolean;
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
    options.measure(point, { bar, share: SHARE, phase: 'search' });
  /** Rates in units of the first point that runs: what the machine's speed does is not in them. */
  const scores = new Map<string, number>();
  let best: Best<P> = { point: start, readings: [], fresh: true, score: 0, overStart: null, proof: {} };

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
        // The other side of a slope that was climbed is lower ground.
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
  /** What it has won over the start; null where the start does not run. */
  readonly overStart: Gain | null;
  /** By name of a setting: what its changes alone have won in duels. */
  readonly proof: Readonly<Record<string, Gain>>;
}

/** A win by several settings at once proves none of them. */
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
