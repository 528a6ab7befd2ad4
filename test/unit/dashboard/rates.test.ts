// The course of a job in the dashboard.
import { expect, it } from 'vitest';
import { ratesOf } from '../../../dashboard/parts/rates.ts';

it('draws nothing before two moments are known', () => {
  expect(ratesOf([])).toEqual({ seconds: 0, rates: [] });
  expect(ratesOf([{ at: 1000, rows: 5 }])).toEqual({ seconds: 0, rates: [] });
});

it('spreads rows evenly between commits, so that the rates add up to all rows', () => {
  const { seconds, rates } = ratesOf([
    { at: 0, rows: 0 },
    { at: 1000, rows: 100 },
    { at: 4000, rows: 700 },
  ]);
  expect(seconds).toBe(4);
  // In the first two seconds: 100, and a third of 600.
  expect(rates).toEqual([150, 200]);
});

it('has at most 60 points, however many commits there were', () => {
  const samples = Array.from({ length: 1000 }, (_, i) => ({ at: i * 10, rows: i * 4 }));
  const { rates } = ratesOf(samples);
  expect(rates).toHaveLength(60);
  for (const rate of rates) expect(rate).toBeCloseTo(400, 6);
});
