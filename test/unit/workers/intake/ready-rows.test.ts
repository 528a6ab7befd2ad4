import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { listOf } from '#forebay/workers/lane/lane-rows.js';
import { createReadyRows, oneByOne, rowsIn, type RowRun } from '#forebay/workers/intake/ready-rows.js';

const receiver = { answered: () => {} };

/** A run of rows. Each input holds its row number. */
function run(first: number, rows: number, since = 0): RowRun {
  const inputs = Array.from({ length: rows }, (_, i) => ({ json: String(first + i) }));
  return { inputs, receiver, tenant: 'a', first, since };
}

/** The numbers of all rows. Each input must hold the number by which the receiver knows its row. */
function numbers(runs: readonly RowRun[]): number[] {
  return runs.flatMap(({ inputs, first }) =>
    listOf(inputs).map((input, i) => {
      expect(input).toEqual({ json: String(first + i) });
      return first + i;
    }),
  );
}

describe('rows that wait for a batch', () => {
  it('leave in the order in which they came, however runs and batches are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 12 }),
        fc.integer({ min: 1, max: 7 }),
        (lengths, batch) => {
          const ready = createReadyRows();
          let next = 0;
          for (const length of lengths) {
            ready.add(run(next, length));
            next += length;
          }
          expect(ready.count).toBe(next);
          const left: number[] = [];
          while (ready.count > 0) {
            const runs = ready.oldest(batch);
            expect(rowsIn(runs)).toBe(Math.min(batch, ready.count));
            ready.drop(rowsIn(runs));
            left.push(...numbers(runs));
          }
          expect(left).toEqual(Array.from({ length: next }, (_, i) => i));
        },
      ),
    );
  });

  it('come before all others when they are put back', () => {
    const ready = createReadyRows();
    ready.add(run(0, 5, 7));
    const taken = ready.oldest(3);
    ready.drop(3);
    ready.add(run(5, 2, 8));
    ready.putBack(taken);
    expect(ready.count).toBe(7);
    expect(ready.since).toBe(7);
    expect(numbers(ready.oldest(Infinity))).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it('can be taken one by one and all at once', () => {
    const ready = createReadyRows();
    ready.add(run(0, 3));
    ready.add(run(3, 1));
    expect(oneByOne(ready.oldest(Infinity)).map((row) => numbers([row]))).toEqual([[0], [1], [2], [3]]);
    ready.drop(Infinity);
    expect(ready.count).toBe(0);
    expect(ready.since).toBeNull();
    expect(ready.oldest(1)).toEqual([]);
  });
});
