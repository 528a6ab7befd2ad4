// How close the search comes to the known optimum of a surface, and its cost compared with the whole space.
import { describe, expect, it } from 'vitest';
import { settingsKey as keyOf, type LaneSettings } from '#forebay/shared/profiles/profile.js';
import { isHopeless, type Reading } from '#forebay/workers/tune/search/duel.js';
import { search, type How } from '#forebay/workers/tune/search/search.js';
import { changesOf } from '#forebay/workers/tune/space/changes.js';
import { createSpace, type Space } from '#forebay/workers/tune/space/space.js';
import { noiseSource } from '../../../../support/noise.ts';

type Surface = (settings: LaneSettings) => number | null;

/** Models Amdahl's law in a lane, contention beyond the cores, a best batch size, and decoding beside the model. */
function machine(cpus: number, model: { parallel: number; bestBatch: number; decodeCost: number }): Surface {
  return ({ lanes, threads_per_lane: threads, batch_size: batch, decode_threads: decode }) => {
    const lane = 1 / (1 - model.parallel + model.parallel / threads);
    const busy = lanes * threads;
    const over = busy > cpus ? (cpus / busy) ** 1.1 : 1;
    const distance = Math.log2(batch / model.bestBatch);
    const batching = 1 / (1 + 0.15 * distance ** 2);
    const decoding = 1 / (1 + model.decodeCost / Math.min(decode, 1 + cpus / lanes));
    return 100 * lanes * lane * over * batching * decoding;
  };
}

function spaceOf(cpus: number, formula: Partial<LaneSettings> = {}): Space {
  return createSpace(
    { cpus, maxBatch: 64, fixedBatch: null },
    { lanes: cpus, threads_per_lane: 1, batch_size: 4, decode_threads: 2, ...formula },
  );
}

/** Costs in units of a full measurement, as measured on 2 cores with a small model. */
const COST = { warmUp: 0.1, newLanes: 0.9, leftEarly: 0.25 };
const LANE_SETS_KEPT = 3;

const shapeOf = (s: LaneSettings) => `${s.lanes}x${s.threads_per_lane} d${s.decode_threads}`;

/** Adds up the cost of measurements. Lanes of the last shapes are kept. Lanes of any other shape must be started. */
function costMeter() {
  let kept: string[] = [];
  let cost = 0;
  return {
    take(settings: LaneSettings, share: number) {
      const shape = shapeOf(settings);
      cost += share + COST.warmUp + (kept.includes(shape) ? 0 : COST.newLanes);
      kept = [...kept.filter((one) => one !== shape), shape].slice(-LANE_SETS_KEPT);
    },
    total: () => cost,
  };
}

/** The cost of measuring every point of the space once, in full. */
function gridCost(space: Space): number {
  const meter = costMeter();
  for (const settings of space.all) meter.take(settings, 1);
  return meter.total();
}

interface Noise {
  /** Largest error of a reading, as a share. */
  readonly reading: number;
  /** How far the machine's speed drifts from its mean, as a share. */
  readonly drift: number;
  /** Period of the drift, in full measurements. */
  readonly period: number;
}

const QUIET: Noise = { reading: 0, drift: 0, period: 1 };

async function run(space: Space, surface: Surface, noise: Partial<Noise> = {}, seed = 1) {
  const { reading, drift, period } = { ...QUIET, ...noise };
  const random = noiseSource(seed);
  const phase = random();
  const meter = costMeter();
  const visited: string[] = [];
  const found = await search<LaneSettings>({
    start: space.start,
    axes: space.axes,
    keyOf,
    changesOf,
    measure: async (settings, { bar, share }): Promise<Reading> => {
      visited.push(keyOf(settings));
      const truth = surface(settings);
      if (truth === null) {
        meter.take(settings, COST.leftEarly);
        return { rate: null, error: 0 };
      }
      const speed = 1 + drift * Math.sin(2 * Math.PI * (meter.total() / period + phase));
      const rate = truth * speed * (1 + reading * random());
      const taken = { rate, error: Math.max(0.005, reading) };
      meter.take(settings, share * (isHopeless(taken, bar) ? COST.leftEarly : 1));
      return taken;
    },
  });
  const optimum = Math.max(...space.all.map((settings) => surface(settings) ?? 0));
  const got = found.best === null ? 0 : (surface(found.best) ?? 0);
  return { found, visited, share: meter.total() / gridCost(space), off: 1 - got / optimum };
}

/** Runs the search with 100 seeds and takes the models in turn. */
async function runMany(noise: Partial<Noise>) {
  const offs: number[] = [];
  const shares: number[] = [];
  for (let seed = 1; seed <= 100; seed++) {
    const { off, share } = await run(spaceOf(2), machine(2, MODELS[seed % MODELS.length]!), noise, seed);
    offs.push(off);
    shares.push(share);
  }
  return { far: offs.filter((off) => off > 0.05).length, shares };
}

const MODELS = [
  { parallel: 0.95, bestBatch: 4, decodeCost: 0.5 },
  { parallel: 0.5, bestBatch: 32, decodeCost: 0.05 },
  { parallel: 0.99, bestBatch: 1, decodeCost: 2 },
  { parallel: 0.8, bestBatch: 64, decodeCost: 0.3 },
];

describe('the search', () => {
  it.each([2, 4, 16].flatMap((cpus) => MODELS.map((model) => ({ cpus, ...model }))))(
    'comes within 5 % of the optimum at a quarter of the cost of the whole space: %j',
    async ({ cpus, ...model }) => {
      const { off, share } = await run(spaceOf(cpus), machine(cpus, model));
      expect(off).toBeLessThanOrEqual(0.05);
      expect(share).toBeLessThanOrEqual(0.25);
    },
  );

  it('tolerates noise of 3 % over 100 seeds', async () => {
    const { far, shares } = await runMany({ reading: 0.03 });
    expect(far).toBeLessThanOrEqual(3);
    expect(Math.max(...shares)).toBeLessThanOrEqual(0.25);
  });

  // A period of 20 measurements is half a minute, from 20 % faster to 20 % slower and back.
  it.each([20, 60])(
    'tolerates a machine whose speed drifts by a fifth and back in %i measurements',
    async (period) => {
      const { far, shares } = await runMany({ reading: 0.03, drift: 0.2, period });
      expect(far).toBeLessThanOrEqual(3);
      expect(Math.max(...shares)).toBeLessThanOrEqual(0.25);
    },
  );

  it('follows a ridge on which lanes and threads must change together', async () => {
    // One lane with all cores is best. From many lanes of one thread, each step in only one setting lowers the rate.
    const ridge: Surface = ({ lanes, threads_per_lane: threads }) =>
      lanes * threads > 16 ? 10 : 100 * Math.log2(1 + threads) * ((lanes * threads) / 16);
    const { found } = await run(spaceOf(16), ridge);
    expect(found.best).toMatchObject({ lanes: 1, threads_per_lane: 16 });
  });

  it('looks one step beyond settings that are slightly slower', async () => {
    const ripple: Surface = ({ batch_size: batch }) =>
      ({ 1: 60, 2: 80, 4: 100, 8: 99.5, 16: 120, 32: 110, 64: 90 })[batch] ?? null;
    const { found } = await run(spaceOf(2), ripple);
    expect(found.best?.batch_size).toBe(16);
  });

  it('measures the same points in the same order each time', async () => {
    const once = await run(spaceOf(4), machine(4, MODELS[0]!), { reading: 0.02 }, 7);
    const twice = await run(spaceOf(4), machine(4, MODELS[0]!), { reading: 0.02 }, 7);
    expect(twice.visited).toEqual(once.visited);
    expect(new Set(once.visited).size).toBe(once.found.measured);
  });

  it('ends with long readings of the best and the start, taken in turn', async () => {
    const space = spaceOf(2);
    const finals: string[] = [];
    const shares: How['share'][] = [];
    const found = await search<LaneSettings>({
      start: space.start,
      axes: space.axes,
      keyOf,
      changesOf,
      measure: async (settings, { phase, share }) => {
        if (phase === 'final') finals.push(keyOf(settings));
        if (phase === 'final') shares.push(share);
        return { rate: machine(2, MODELS[1]!)(settings), error: 0.01 };
      },
    });
    const [best, start] = [keyOf(found.best!), keyOf(space.start)];
    expect(finals).toEqual([best, start, start, best]);
    expect(new Set(shares)).toEqual(new Set([0.7]));
  });

  it('is not misled by a first reading that was far too good', async () => {
    const space = spaceOf(2);
    const surface = machine(2, MODELS[1]!);
    let readings = 0;
    const found = await search<LaneSettings>({
      start: space.start,
      axes: space.axes,
      keyOf,
      changesOf,
      measure: async (settings) => ({ rate: surface(settings)! * (readings++ === 0 ? 3 : 1), error: 0.02 }),
    });
    expect(surface(found.best!)).toBeCloseTo(Math.max(...space.all.map((s) => surface(s)!)), 6);
  });

  it('treats settings that do not run as a result, and finds the best settings that run', async () => {
    const memory: Surface = (settings) =>
      settings.lanes * 100 + settings.batch_size * 10 > 260
        ? null
        : settings.lanes * 50 + settings.batch_size;
    const { found, off } = await run(spaceOf(2), memory);
    expect(found.best).not.toBeNull();
    expect(off).toBeLessThanOrEqual(0.05);
  });

  it('goes to smaller settings from a start that does not run', async () => {
    const { found } = await run(spaceOf(8), ({ lanes }) => (lanes > 2 ? null : lanes * 10));
    expect(found.best?.lanes).toBe(2);
    expect(found.startRate).toBeNull();
  });

  it('returns no settings if nothing runs', async () => {
    const { found } = await run(spaceOf(2), () => null);
    expect(found).toMatchObject({ best: null, rate: null });
  });

  it('keeps the start if nothing is worth the change', async () => {
    const space = spaceOf(2);
    const { found } = await run(space, (s) => (keyOf(s) === keyOf(space.start) ? 100 : 101.5));
    expect(found.best).toEqual(space.start);
  });
});
