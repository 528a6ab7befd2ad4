// A change of settings must beat the measured noise. The tests use recorded spreads of readings, over many seeds.
import { describe, expect, it } from 'vitest';
import { settingsKey as keyOf, type LaneSettings } from '#forebay/shared/profiles/profile.js';
import { search, type Found } from '#forebay/workers/tune/search/search.js';
import { changesOf } from '#forebay/workers/tune/space/changes.js';
import { createSpace } from '#forebay/workers/tune/space/space.js';
import { noiseSource } from '../../../support/noise.ts';

const SEEDS = 100;
const space = createSpace(
  { cpus: 2, maxBatch: 64, fixedBatch: null },
  { lanes: 2, threads_per_lane: 1, batch_size: 8, decode_threads: 2 },
);
const start = keyOf(space.start);

interface Readings {
  /** How far a reading may be off, as a share. */
  readonly off: number;
  /**
   * The error that a reading states. It may be too small, because on a shared machine a lane is steady for a second and
   * then slower.
   */
  readonly says: number;
}

function tuneOn(
  surface: (settings: LaneSettings) => number,
  { off, says }: Readings,
  seed: number,
  signal?: AbortSignal,
  onReading: () => void = () => undefined,
): Promise<Found<LaneSettings>> {
  const random = noiseSource(seed);
  return search<LaneSettings>({
    start: space.start,
    axes: space.axes,
    keyOf,
    changesOf,
    measure: async (settings) => {
      onReading();
      signal?.throwIfAborted();
      return { rate: surface(settings) * (1 + off * random()), error: says };
    },
    ...(signal && { signal }),
  });
}

async function countSeeds(
  surface: (settings: LaneSettings) => number,
  readings: Readings,
  holds: (best: LaneSettings) => boolean,
): Promise<number> {
  let held = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { best } = await tuneOn(surface, readings, seed);
    if (best !== null && holds(best)) held += 1;
  }
  return held;
}

const NOISES: readonly Readings[] = [
  { off: 0.03, says: 0.03 },
  { off: 0.1, says: 0.1 },
  { off: 0.08, says: 0.01 },
];

describe('settings change only if the gain exceeds the noise', () => {
  it.each(NOISES)('nothing changes if no setting matters, with readings %j', async (readings) => {
    const kept = await countSeeds(
      () => 100,
      readings,
      (best) => keyOf(best) === start,
    );
    expect(kept).toBeGreaterThanOrEqual(SEEDS * 0.95);
  });

  it('only the setting that matters changes', async () => {
    const batchMatters = ({ batch_size: batch }: LaneSettings) => 100 * Math.min(batch, 32) ** 0.3;
    const only = await countSeeds(batchMatters, NOISES[0]!, ({ batch_size: batch, ...others }) => {
      const { batch_size: _, ...startOthers } = space.start;
      return batch >= 32 && JSON.stringify(others) === JSON.stringify(startOthers);
    });
    expect(only).toBeGreaterThanOrEqual(SEEDS * 0.85);
  });

  it('a large gain is found in spite of noise', async () => {
    const batchMatters = ({ batch_size: batch }: LaneSettings) => (batch === 16 ? 150 : 100);
    const found = await countSeeds(batchMatters, NOISES[1]!, ({ batch_size }) => batch_size === 16);
    expect(found).toBeGreaterThanOrEqual(SEEDS * 0.85);
  });

  it('reports the gain with its noise', async () => {
    const { gain, best } = await tuneOn((s) => (s.batch_size === 16 ? 150 : 100), NOISES[0]!, 1);
    expect(best?.batch_size).toBe(16);
    expect(gain!.log).toBeCloseTo(Math.log(1.5), 1);
    expect(gain!.noise).toBeGreaterThan(0.01);
  });
});

describe('a search that is stopped', () => {
  async function stopAfter(
    readings: number,
    surface: (settings: LaneSettings) => number,
    noise = NOISES[0]!,
  ) {
    const stop = new AbortController();
    let taken = 0;
    return tuneOn(surface, noise, 1, stop.signal, () => {
      if (++taken > readings) stop.abort(new Error('stopped'));
    });
  }
  const oneLaneIsBest = ({ lanes }: LaneSettings) => (lanes === 1 ? 160 : 100);

  it('keeps the best so far if it beats the noise', async () => {
    const found = await stopAfter(5, oneLaneIsBest);
    expect(found).toMatchObject({ stopped: true, best: { lanes: 1 } });
    expect(found.gain!.log).toBeCloseTo(Math.log(1.6), 1);
  });

  it('keeps the start if nothing has beaten the noise yet', async () => {
    const found = await stopAfter(5, oneLaneIsBest, { off: 0.1, says: 0.9 });
    expect(found).toMatchObject({ stopped: true });
    expect(keyOf(found.best!)).toBe(start);
  });

  it('has nothing to keep before the first reading', async () => {
    expect(await stopAfter(0, oneLaneIsBest)).toMatchObject({ stopped: true, best: null, measured: 0 });
  });

  it('rejects with any error other than the stop', async () => {
    const failing = tuneOn(
      () => {
        throw new Error('no lane');
      },
      NOISES[0]!,
      1,
    );
    await expect(failing).rejects.toThrow('no lane');
  });
});
