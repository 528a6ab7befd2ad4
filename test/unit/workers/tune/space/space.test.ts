// Which settings are tried on which machine, and in which order.
import { describe, expect, it } from 'vitest';
import { settingsKey as keyOf } from '#forebay/shared/profiles/profile.js';
import { createSpace } from '#forebay/workers/tune/space/space.js';

const FORMULA = { lanes: 2, threads_per_lane: 1, batch_size: 4, decode_threads: 2 };
const TWO = { cpus: 2, maxBatch: 64, fixedBatch: null };

describe('the space of settings', () => {
  it('holds every shape that fits the cores, one lane more, and the start', () => {
    const { all, start } = createSpace(TWO, FORMULA);
    const shapes = new Set(all.map((s) => `${s.lanes}x${s.threads_per_lane}`));
    expect([...shapes]).toEqual(['1x1', '1x2', '2x1', '3x1']);
    expect([...new Set(all.map((s) => s.batch_size))]).toEqual([1, 2, 4, 8, 16, 32, 64]);
    expect([...new Set(all.map((s) => s.decode_threads))]).toEqual([1, 2, 4]);
    expect(new Set(all.map(keyOf)).size).toBe(all.length);
    expect(start).toEqual(FORMULA);
    expect(all).toContainEqual(start);
  });

  it('never has more threads than cores, except for the one extra lane', () => {
    const { all } = createSpace({ ...TWO, cpus: 12 }, { ...FORMULA, lanes: 12 });
    const over = all.filter((s) => s.lanes * s.threads_per_lane > 12);
    expect(new Set(over.map((s) => `${s.lanes}x${s.threads_per_lane}`))).toEqual(new Set(['13x1']));
  });

  it('has batches of whole calls if the graph fixes the rows of a call', () => {
    const { all, start } = createSpace({ ...TWO, fixedBatch: 3 }, FORMULA);
    expect([...new Set(all.map((s) => s.batch_size))]).toEqual([3, 6, 12, 24, 48]);
    expect(start.batch_size).toBe(3);
    const large = createSpace({ ...TWO, fixedBatch: 100 }, FORMULA);
    expect(new Set(large.all.map((s) => s.batch_size))).toEqual(new Set([100]));
  });

  it('tries only given values, and starts at the nearest of them', () => {
    const { all, start } = createSpace(
      { ...TWO, lanes: [1], threads: [4], batches: [3, 20], decodeThreads: [2] },
      FORMULA,
    );
    expect(all).toHaveLength(2);
    expect(start).toEqual({ lanes: 1, threads_per_lane: 4, batch_size: 3, decode_threads: 2 });
  });

  it('tries each given value, even if it exceeds the cores', () => {
    const shapesOf = (given: { lanes?: number[]; threads?: number[] }) => {
      const { all } = createSpace({ ...TWO, cpus: 8, batches: [1], decodeThreads: [1], ...given }, FORMULA);
      return all.map((s) => `${s.lanes}x${s.threads_per_lane}`);
    };
    expect(shapesOf({ threads: [6, 16] })).toEqual(['1x6', '1x16']);
    expect(shapesOf({ threads: [4, 16] })).toEqual(['1x4', '1x16', '2x4']);
    expect(shapesOf({ lanes: [6, 16] })).toEqual(['6x1', '16x1']);
    expect(shapesOf({ lanes: [1, 2], threads: [16] })).toEqual(['1x16', '2x16']);
  });

  it('has axes that contain the point itself and otherwise only points of the space', () => {
    const { all, axes } = createSpace({ ...TWO, cpus: 16 }, { ...FORMULA, lanes: 16 });
    const known = new Set(all.map(keyOf));
    for (const point of all) {
      for (const axis of axes) {
        const keys = axis(point).map(keyOf);
        expect(keys).toContain(keyOf(point));
        expect(keys.filter((key) => !known.has(key))).toEqual([]);
      }
    }
  });

  it('has a first axis along full use of the cores, with more threads for fewer lanes', () => {
    const { axes } = createSpace({ ...TWO, cpus: 16 }, { ...FORMULA, lanes: 16, decode_threads: 2 });
    const ridge = axes[0]!({ lanes: 16, threads_per_lane: 1, batch_size: 4, decode_threads: 2 });
    expect(ridge.map((s) => `${s.lanes}x${s.threads_per_lane}`)).toEqual([
      '1x16',
      '2x8',
      '3x5',
      '4x4',
      '8x2',
      '16x1',
      '17x1',
    ]);
  });
});
