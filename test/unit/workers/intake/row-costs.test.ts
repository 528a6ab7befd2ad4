// How few rows a batch of online rows may have, by the batches that lanes have run.
import { expect, it } from 'vitest';
import { createRowCosts } from '#forebay/workers/intake/row-costs.js';
import { batchTimings } from '../../../support/batch-timings.ts';

const timings = (inferMs: number) => batchTimings({ idleMs: 900, inferMs });

/** After batches of these sizes. `msOf`: what a lane takes for a batch. */
function fewestAfter(sizes: readonly number[], msOf: (rows: number) => number): number {
  const costs = createRowCosts();
  for (const rows of sizes) costs.measured('m', rows, timings(msOf(rows)));
  return costs.fewestRows('m');
}

it('is not known before the first batch, and after the model has left', () => {
  const costs = createRowCosts();
  expect(costs.fewestRows('m')).toBe(Infinity);
  costs.measured('m', 1, timings(0));
  expect(costs.fewestRows('m')).toBe(1);
  costs.forget('m');
  expect(costs.fewestRows('m')).toBe(Infinity);
});

it('two rows of a photo model make a batch, because more save little', () => {
  expect(fewestAfter([1, 2, 4, 16], (rows) => 1 + 7 * rows)).toBe(2);
});

it('a model whose calls take the same time for one row and for many gets the largest batches', () => {
  expect(fewestAfter([1, 2, 4, 8, 30], () => 100)).toBe(17);
});

it('small rows need large batches', () => {
  expect(fewestAfter([1, 2, 4, 8, 16, 32, 64, 128], (rows) => 0.3 + 0.08 * rows)).toBe(33);
});

it('forgets old measurements', () => {
  const costs = createRowCosts();
  const add = (rows: number, inferMs: number) => costs.measured('m', rows, timings(inferMs));
  for (const rows of [1, 2]) add(rows, 100);
  expect(costs.fewestRows('m')).toBe(2);
  for (let i = 0; i < 40; i++) for (const rows of [1, 2]) add(rows, 50 * rows);
  expect(costs.fewestRows('m')).toBe(1);
});
