// Which of two points is better, and how many measurements it takes to tell.
import { describe, expect, it } from 'vitest';
import { duel, type Reading } from '#forebay/workers/tune/search/duel.js';

const reading = (rate: number | null, error = 0.01): Reading => ({ rate, error });

/** Compares `other` with `best`, each as a sequence of readings. The first `known` readings of `best` exist already. */
async function play(best: readonly Reading[], other: readonly Reading[], known = 1, fresh = true) {
  const left = { best: best.slice(known), other: [...other] };
  const bars: (number | null)[] = [];
  const fought = await duel(
    { point: 'best', readings: best.slice(0, known), fresh },
    'other',
    async (point, bar) => {
      if (point === 'other') bars.push(bar);
      return left[point as keyof typeof left].shift() ?? reading(null);
    },
  );
  return { ...fought, bars };
}

describe('a duel', () => {
  it('compares with the mean of the readings before and after, so that drift cancels out', async () => {
    const { ratio, readings } = await play([reading(100), reading(80)], [reading(90)]);
    expect(ratio).toBeCloseTo(1, 6);
    expect(readings).toHaveLength(1);
  });

  it('takes a second turn only if the first was not clear', async () => {
    const open = await play(
      [reading(100, 0.1), reading(100, 0.1), reading(100, 0.1)],
      [reading(103, 0.1), reading(105, 0.1)],
    );
    expect(open.ratio).toBeCloseTo(Math.sqrt(1.03 * 1.05), 6);
    const clear = await play([reading(100, 0.1), reading(100, 0.1)], [reading(150, 0.1)]);
    expect(clear.readings).toHaveLength(1);
  });

  it('does not measure the best again after the other if drift cannot explain the difference', async () => {
    const { ratio, champion } = await play([reading(100), reading(110)], [reading(50)], 2);
    expect(ratio).toBeCloseTo(0.5, 6);
    expect(champion).toMatchObject({ readings: { length: 2 }, fresh: false });
  });

  it('measures the best again after other measurements, because the machine may have become slower', async () => {
    const best = [reading(100), reading(100), reading(50), reading(50)];
    const { ratio, champion } = await play(best, [reading(50), reading(55)], 2, false);
    expect(ratio).toBeCloseTo(1.1, 6);
    expect(champion).toMatchObject({ readings: { length: 4 }, fresh: true });
  });

  it('lets no measurement end early before the best was measured twice', async () => {
    const { bars, ratio } = await play(
      [reading(300), reading(100), reading(100)],
      [reading(120), reading(120)],
    );
    expect(bars).toEqual([null, 100]);
    // The first pair is inconclusive, because the best itself changed too much.
    expect(ratio).toBeCloseTo(1.2, 6);
  });

  it('ends immediately if one of the two does not run', async () => {
    expect((await play([reading(100)], [reading(null)])).ratio).toBe(0);
    expect((await play([reading(100), reading(null)], [reading(50)])).ratio).toBe(Infinity);
  });
});
