// The rate of a sample and its error bar, computed from the times at which batches finished.
import { describe, expect, it } from 'vitest';
import { sampleRate, type Completion } from '#forebay/workers/samples/sample-rate.js';

/** Batches of `rows` rows. The first finishes after 1000 ms, and each other one the next of `gaps` ms later. */
function finished(gaps: readonly number[], rows = 10): Completion[] {
  let at = 1000;
  return [{ at, rows }, ...gaps.map((gap) => ({ at: (at += gap), rows }))];
}
const one = { startedAt: 0, lanes: 1 };

describe('a sample', () => {
  it('has no rate without rows, or without time', () => {
    expect(sampleRate([], one)).toBeNull();
    expect(sampleRate([{ at: 5, rows: 1 }], { startedAt: 5, lanes: 1 })).toBeNull();
  });

  it('of few batches is measured from its start, without an error bar', () => {
    expect(sampleRate(finished([1000]), one)).toEqual({
      rowsPerS: 10,
      errorRowsPerS: null,
      rows: 20,
      seconds: 2,
    });
  });

  it('leaves out the first batch of each lane, which warms up', () => {
    // The first batch took a second, and each of the others 100 ms.
    const rate = sampleRate(finished(Array.from({ length: 10 }, () => 100)), one)!;
    expect(rate.rowsPerS).toBeCloseTo(100);
    expect(rate.errorRowsPerS).toBeCloseTo(0);
    expect(rate.rows).toBe(100);
  });

  it('has the 95 % interval of its batch means', () => {
    // Paces of 9, 10 and 11 ms per row have a standard deviation of 1, and t(2) is 4.303.
    // Half of the interval is 4.303 / sqrt(3) / 10 = 24.84 %. Three batches are too few to leave one out.
    const rate = sampleRate(finished([100, 110]), { startedAt: 910, lanes: 1 })!;
    expect(rate.rowsPerS).toBeCloseTo(100);
    expect(rate.errorRowsPerS).toBeCloseTo(24.84, 2);
    const exact = sampleRate(finished([90, 100, 110, 100, 100]), one)!;
    expect(exact.rowsPerS).toBeCloseTo(100);
    // Paces of 9, 10, 11, 10 and 10 ms have a standard deviation of 0.7071, and t(4) is 2.776.
    // Half of the interval is 2.776 x 0.7071 / sqrt(5) / 10 = 8.78 %.
    expect(exact.errorRowsPerS).toBeCloseTo(8.78, 2);
  });

  it('counts one batch of each lane as one round, so that the rhythm of the lanes does not count as spread', () => {
    // Two lanes with 200 ms per batch, 20 ms apart.
    const rhythm = Array.from({ length: 21 }, (_, i) => (i % 2 === 0 ? 20 : 180));
    const rate = sampleRate(finished(rhythm), { startedAt: 0, lanes: 2 })!;
    expect(rate.rowsPerS).toBeCloseTo(100, 0);
    expect(rate.errorRowsPerS! / rate.rowsPerS).toBeLessThan(0.1);
  });

  it('covers the true rate in about 95 of 100 noisy samples', () => {
    let state = 1;
    const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    let covered = 0;
    for (let i = 0; i < 1000; i++) {
      // Uniform gaps with a mean of 100 ms make 100 rows/s.
      const rate = sampleRate(finished(Array.from({ length: 40 }, () => 50 + 100 * random())), one)!;
      if (Math.abs(rate.rowsPerS - 100) <= rate.errorRowsPerS!) covered += 1;
    }
    expect(covered).toBeGreaterThan(920);
    expect(covered).toBeLessThan(980);
  });

  it('never has an error bar as large as the rate', () => {
    const wild = [1, 5000, 1, 5000, 1, 1, 5000, 1, 1, 1];
    const rate = sampleRate(finished(wild), one)!;
    expect(rate.errorRowsPerS! / rate.rowsPerS).toBeLessThanOrEqual(0.9);
  });
});
