// Which rows of a dataset a plan tries, and how many rows it counts. Both are bounded.
import { expect, it } from 'vitest';
import { lookAt, countKinds, type LookLimits } from '#forebay/api/plan/look-at-rows.js';
import type { DatasetSource } from '#forebay/shared/datasets/source.js';

const BOUNDS: LookLimits = { firstRows: 3, spreadRows: 8, seenRows: 100, seenMs: 60_000, countMs: 20 };

/** A source of `length` rows. If `counts` is false, counting the rows never ends. */
function rows(length: number, counts = true): DatasetSource & { read: DatasetSource['read'] } {
  return {
    async *read() {
      for (let i = 0; i < length; i++) yield { row: { id: String(i) }, cursor: { index: i + 1, at: '' } };
    },
    async count(limit, signal) {
      if (!counts) {
        await new Promise((_, reject) => {
          const gaveUp = () => reject(signal.reason as Error);
          signal.addEventListener('abort', gaveUp);
        });
      }
      return Math.min(limit, length);
    },
  };
}
const ids = async (...args: Parameters<typeof lookAt>) =>
  (await lookAt(...args)).sample.map(({ id }) => Number(id));

it('reads a small dataset to its end', async () => {
  const look = await lookAt(rows(5), null, BOUNDS);
  expect(look.sample).toHaveLength(5);
  expect(look.rows).toEqual({ total: 5, atLeast: 5, why: null });
  expect((await lookAt(rows(0), null, BOUNDS)).rows.total).toBe(0);
});

it('takes the first rows of a large dataset, and a bounded number of evenly spread ones', async () => {
  const sample = await ids(rows(1000), null, BOUNDS);
  expect(sample.slice(0, 3)).toEqual([0, 1, 2]);
  const spread = sample.slice(3);
  expect(spread.length).toBeGreaterThanOrEqual(4);
  expect(spread.length).toBeLessThanOrEqual(8);
  expect(new Set(spread.slice(1).map((id, i) => id - spread[i]!)).size).toBe(1);
  expect(spread.at(-1)).toBeGreaterThan(70);
  expect(spread.at(-1)).toBeLessThan(100);
});

it('applies a limit to the sample and to the count', async () => {
  expect(await ids(rows(1000), 2, BOUNDS)).toEqual([0, 1]);
  expect((await lookAt(rows(1000), 2, BOUNDS)).rows.total).toBe(2);
  expect((await lookAt(rows(1000), 100, BOUNDS)).rows.total).toBe(100);
  expect((await lookAt(rows(1000), 500, BOUNDS)).rows.total).toBe(500);
});

it('stops counting after a time limit, and reports that', async () => {
  expect((await lookAt(rows(1000, false), null, BOUNDS)).rows).toEqual({
    total: null,
    atLeast: 100,
    why: 'counting them takes longer than 0.02 s',
  });
});

it('stops reading after a time limit, however slow the source is', async () => {
  let ms = 0;
  const { sample, rows: known } = await lookAt(rows(1000), null, { ...BOUNDS, seenMs: 10 }, () => (ms += 1));
  expect(sample.length).toBeLessThan(12);
  expect(known.total).toBe(1000);
});

it('counts rows by the location of their bytes', () => {
  const manifest = { type: 'manifest', path: '/m', base: '/b' } as const;
  const refs = ['a.jpg', 'http://x/b.jpg', 's3://no'].map((id) => ({ id }));
  expect(countKinds(manifest, refs)).toEqual({ file: 1, url: 1, blob: 0, record: 0, invalid: 1 });
});
