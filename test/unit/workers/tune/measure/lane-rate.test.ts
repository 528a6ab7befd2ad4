// Computes rates from the times at which batches ended.
import { describe, expect, it } from 'vitest';
import { rateOf } from '#forebay/workers/tune/measure/lane-rate.js';

/** Batches of `rows` that end every `gap` ms, in one lane. */
const even = (lane: number, gap: number, rows: number, count: number) =>
  Array.from({ length: count }, (_, i) => ({ lane, rows, at: 1000 + i * gap }));

describe('the rate of lanes', () => {
  it('sums the rates of lanes that are out of step', () => {
    const known = rateOf([...even(0, 100, 4, 11), ...even(1, 70, 4, 15)], 2);
    expect(known?.rate).toBeCloseTo(40 + 400 / 7, 6);
    expect(known?.intervals).toBe(10);
  });

  it('is unknown before every lane has ended two batches', () => {
    expect(rateOf([...even(0, 100, 4, 5), ...even(1, 100, 4, 1)], 2)).toBeNull();
  });

  it('has a larger error if batches are few or uneven', () => {
    const uneven = [0, 100, 320, 380, 560, 600, 780].map((at) => ({ lane: 0, rows: 1, at }));
    const error = (batches: Parameters<typeof rateOf>[0]) => rateOf(batches, 1)!.error;
    expect(error(even(0, 100, 4, 12))).toBeCloseTo(0.005, 6);
    expect(error(uneven)).toBeGreaterThan(0.1);
    expect(error(even(0, 100, 4, 2))).toBe(0.3);
  });
});
