// The grid of blocks in the dashboard.
import { expect, it } from 'vitest';
import { cellsOf } from '../../../dashboard/blocks/cells.ts';

it('has a cell per block while there are few', () => {
  const ranges = [
    { from: 0, count: 2, state: 'done' },
    { from: 2, count: 1, state: 'running' },
    { from: 3, count: 2, state: 'queued' },
  ] as const;
  expect(cellsOf([...ranges], 10)).toEqual({
    per: 1,
    states: ['done', 'done', 'running', 'queued', 'queued'],
  });
  expect(cellsOf([], 10)).toEqual({ per: 1, states: [] });
});

it('shows the most urgent state of neighbours when there are many, so one bad block of 100,000 is seen', () => {
  const ranges = [
    { from: 0, count: 50_000, state: 'done' },
    { from: 50_000, count: 1, state: 'retrying' },
    { from: 50_001, count: 30, state: 'running' },
    { from: 50_031, count: 49_969, state: 'unread' },
  ] as const;
  const { per, states } = cellsOf([...ranges], 1200);
  expect(per).toBe(84);
  expect(states).toHaveLength(Math.ceil(100_000 / 84));
  const cells = (['done', 'retrying', 'running', 'unread'] as const).map(
    (state) => states.filter((found) => found === state).length,
  );
  // Block 50,000 and all that run are in one cell.
  expect(cells).toEqual([595, 1, 0, 595]);
});
