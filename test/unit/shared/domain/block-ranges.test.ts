import { expect, it } from 'vitest';
import { blockRanges } from '#forebay/shared/domain/block-ranges.js';
import { blocksToWire } from '#forebay/api/http/wire/blocks.js';

const job = (total: number | null, finishedAt: number | null = null) =>
  ({ spec: { options: { block_rows: 4 } }, total, finishedAt }) as Parameters<typeof blocksToWire>[0];

it('joins blocks of the same state, and takes the others to be done', () => {
  const others = [
    [2, 'running'],
    [3, 'running'],
    [5, 'queued'],
  ] as const;
  expect(blockRanges(7, others)).toEqual([
    { from: 0, count: 2, state: 'done' },
    { from: 2, count: 2, state: 'running' },
    { from: 4, count: 1, state: 'done' },
    { from: 5, count: 1, state: 'queued' },
    { from: 6, count: 1, state: 'done' },
  ]);
  expect(blockRanges(0, [])).toEqual([]);
});

it('counts the blocks that nobody has read, of an ended job as not run', () => {
  const map = { read: 3, ranges: blockRanges(3, [[2, 'queued']]) };
  expect(blocksToWire(job(41), map)).toMatchObject({
    total: 11,
    counts: { done: 2, queued: 1, unread: 8, not_run: 0 },
    ranges: [{ from: 0 }, { from: 2 }, { from: 3, count: 8, state: 'unread' }],
  });
  expect(blocksToWire(job(null), map)).toMatchObject({ total: null, counts: { unread: 0 } });
  expect(blocksToWire(job(41, 1), map).counts).toMatchObject({ unread: 0, not_run: 8 });
});
