/**
 * Coordinate descent over a discrete space that can only be measured, with noise. One axis after the other is
 * walked from the best point known while it gets better; whoever is clearly slower is left early. The best few
 * are compared again in turns, so that a lucky reading does not win. Pure but for `measure`; deterministic.
 */

/** Rows/s with half its 95 % interval as a share; null rate: it does not run (memory, failure). */
export interface Reading {
  readonly rate: number | null;
  readonly error: number;
}

/** A line of points through `point`, in the order of one lever, `point` among them. */
export type Axis<P> = (point: P) => readonly P[];

export interface SearchOptions<P> {
  readonly start: P;
  /** In order of what usually brings most. */
  readonly axes: readonly Axis<P>[];
  readonly keyOf: (point: P) => string;
  /**
   * `bar`: the best rate until now; a measurement that clearly stays below it may end early. Null: measure in
   * full.
   */
  readonly measure: (point: P, bar: number | null, phase: 'search' | 'final') => Promise<Reading>;
  /** The best so many, and the start, are measured again ... */
  readonly finalists?: number;
  /** ... so many times, in turns. */
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

/** A gain below this is noise, and not worth another point. */
const MIN_GAIN = 0.01;
/** A point that is this much slower, beyond what its error allows, ends the walk along a line. */
const CLEARLY = 0.03;
/** Points past the best that are not clearly slower: ripples of noise do not stop a walk. */
const LOOK_BEYOND = 1;
/** The best is measured again so often, lest it was measured while the machine was faster than afterwards. */
const RECHECKS = 2;
/** Descent ends by itself; this only bounds a surface that noise keeps moving. */
const MAX_SWEEPS = 4;
/** The start stays where the best does not beat it by this: a change without a gain is none. */
const WORTH_A_CHANGE = 0.02;

export async function search<P>(options: SearchOptions<P>): Promise<Found<P>> {
  const { keyOf, axes } = options;
  const seen = new Map<string, { point: P; reading: Reading }>();
  const measured = new Set<string>();

  async function at(point: P, bar: number | null): Promise<Reading> {
    const known = seen.get(keyOf(point));
    if (known) return known.reading;
    const reading = await options.measure(point, bar, 'search');
    seen.set(keyOf(point), { point, reading });
    measured.add(keyOf(point));
    return reading;
  }

  let best = { point: options.start, reading: await at(options.start, null) };

  /** Walks from `from` towards one end of the line; true where it found a better point. */
  async function walk(line: readonly P[], from: number, step: 1 | -1): Promise<boolean> {
    let found = false;
    let beyond = 0;
    for (let i = from + step; i >= 0 && i < line.length; i += step) {
      const point = line[i]!;
      const reading = await at(point, best.reading.rate);
      if (isBetter(reading, best.reading)) {
        best = { point, reading };
        found = true;
        beyond = 0;
      } else if (best.reading.rate === null) {
        continue;
      } else if (isClearlyWorse(reading, best.reading) || ++beyond > LOOK_BEYOND) {
        break;
      }
    }
    return found;
  }

  /** True where the best was only lucky: what was left for its sake is then unknown again. */
  async function wasLucky(): Promise<boolean> {
    const again = await options.measure(best.point, null, 'search');
    if (again.rate === null || !isClearlyWorse(again, best.reading)) return false;
    seen.clear();
    best = { ...best, reading: again };
    seen.set(keyOf(best.point), best);
    return true;
  }

  let rechecks = 0;
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
    let moved = false;
    for (const axis of axes) {
      const line = axis(best.point);
      const from = line.findIndex((point) => keyOf(point) === keyOf(best.point));
      // The other side of a slope that was climbed is lower ground.
      if ((await walk(line, from, 1)) || (await walk(line, from, -1))) moved = true;
    }
    if (!moved && (rechecks++ >= RECHECKS || !(await wasLucky()))) break;
  }

  const ranked = [...seen.values()]
    .filter(({ reading }) => reading.rate !== null)
    .toSorted((a, b) => b.reading.rate! - a.reading.rate!);
  return { ...(await decide(options, ranked)), measured: measured.size };
}

/** The best few and the start again, in turns: what the machine does meanwhile hits all of them alike. */
async function decide<P>(
  { start, keyOf, measure, finalists = 2, rounds = 2 }: SearchOptions<P>,
  ranked: readonly { point: P; reading: Reading }[],
): Promise<Omit<Found<P>, 'measured'>> {
  const top = ranked.slice(0, finalists).map(({ point }) => point);
  const begun = ranked.find(({ point }) => keyOf(point) === keyOf(start));
  if (begun && !top.includes(begun.point)) top.push(begun.point);
  if (top.length === 0) return { best: null, rate: null, startRate: null };
  const rates = await compareInTurns(top, rounds, async (point) => measure(point, null, 'final'));
  const startRate = begun ? rates[top.indexOf(begun.point)]! : null;
  let winner = 0;
  for (const [i, rate] of rates.entries()) if (rate > rates[winner]!) winner = i;
  if (begun && startRate !== null && rates[winner]! < startRate * (1 + WORTH_A_CHANGE)) {
    winner = top.indexOf(begun.point);
  }
  return { best: top[winner]!, rate: rates[winner]!, startRate };
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

function isBetter(a: Reading, b: Reading): boolean {
  if (a.rate === null) return false;
  return b.rate === null || a.rate > b.rate * (1 + MIN_GAIN);
}

/** Slower by more than both readings' errors explain. */
function isClearlyWorse(a: Reading, b: Reading): boolean {
  if (a.rate === null) return true;
  if (b.rate === null) return false;
  return a.rate * (1 + a.error) < b.rate * (1 - b.error) * (1 - CLEARLY);
}

/** Whether what was measured until now rules out that the point reaches `bar`. */
export function isHopeless(reading: Reading, bar: number | null): boolean {
  if (bar === null || reading.rate === null) return false;
  return reading.rate * (1 + 2 * reading.error) < bar * (1 - CLEARLY);
}
