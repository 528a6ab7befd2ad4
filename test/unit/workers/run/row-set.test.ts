import { expect, it } from 'vitest';
import { packOutcomes, unpackOutcomes } from '#forebay/shared/domain/outcomes.js';
import { createRowSet, type RowSet } from '#forebay/workers/run/row-set.js';
import type { RowOutcome } from '#forebay/shared/domain/row.js';

const ok = (result: string): RowOutcome => ({ ok: true, result });
const failed = (code: 'invalid_row' | 'timed_out', message: string): RowOutcome => ({
  ok: false,
  error: { code, message },
});
const outcomesOf = async (set: RowSet) => (await set.all).flatMap(unpackOutcomes);

it('has one outcome per row, in order, whether or not a lane ended the rows', async () => {
  const counts: number[] = [];
  const set = createRowSet(4, { run: null, answered: (rows) => void counts.push(rows) });
  set.answered(2, packOutcomes([ok('c'), ok('d')]), null);
  set.settle(0, failed('timed_out', 'late'));
  set.answered(1, packOutcomes([ok('b')]), null);
  expect(await outcomesOf(set)).toEqual([failed('timed_out', 'late'), ok('b'), ok('c'), ok('d')]);
  expect(counts).toEqual([2, 1]);
});

it('is complete without rows, and rejects if its run is aborted', async () => {
  expect(await outcomesOf(createRowSet(0, { run: null, answered: () => {} }))).toEqual([]);
  const set = createRowSet(2, { run: null, answered: () => {} });
  set.failed(new Error('aborted'));
  set.settle(0, ok('a'));
  await expect(set.all).rejects.toThrow('aborted');
});
