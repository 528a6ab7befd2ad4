import { expect, it } from 'vitest';
import { deltaStats, gatherEarlier } from '#forebay/shared/domain/earlier-rows.js';
import { decodeBlock, encodeBlock, listedRows, type BlockRows } from '#forebay/shared/domain/block.js';

it('decoding returns the rows of a block unchanged', () => {
  const block: BlockRows = {
    firstRow: 7,
    rows: [{ id: 'a' }, { id: 'b', at: '0+3' }, { id: 'c', index: 12 }, { id: 'd', at: '', index: 0 }],
  };
  expect(listedRows(decodeBlock(encodeBlock(block)))).toEqual(block);
});

it('decoding returns what a delta job knows of the rows', () => {
  const earlier = gatherEarlier([
    { is: 'taken', part: 3, hash: 'h3', index: 40 },
    { is: 'taken', part: 3, hash: 'h3', index: 41 },
    { is: 'new' },
    { is: 'taken', part: 3, hash: 'h3', index: 42 },
    { is: 'taken', part: 4, hash: 'h4', index: 43 },
    { is: 'taken', part: 4, hash: 'h4', index: 45 },
    { is: 'taken', part: 4, hash: '@9+9', index: 46 },
    { is: 'failed' },
    { is: 'changed' },
  ]);
  expect(earlier.taken.map(({ at, count, part, index }) => [at, count, part, index])).toEqual([
    [0, 2, 3, 40],
    [3, 1, 3, 42],
    [4, 1, 4, 43],
    [5, 1, 4, 45],
    [6, 1, 4, 46],
  ]);
  expect(deltaStats(earlier)).toEqual({ delta_taken: 6, delta_new: 1, delta_changed: 1, delta_failed: 1 });
  expect(deltaStats(earlier, 3)).toMatchObject({ delta_taken: 3, delta_changed: 4 });
  const block: BlockRows = { firstRow: 0, rows: [{ id: 'a' }], earlier };
  expect(decodeBlock(encodeBlock(block))).toEqual(block);
});

it.each([
  '[0,[["a"]],[]]',
  '[0,[["a"]],[[0,0,0],[[1,"h",[[0,1]]]]]]',
  '[0,[[]]]',
  '[0,["a"]]',
  '[0,[[1]]]',
  '[0,[["a",null]]]',
  '[0,[["a",1]]]',
  '[0,[["a",null,-1]]]',
  '[0,[["a",null,0.5]]]',
  '[0,[["a","b",1,2]]]',
  '[0,[null]]',
  '[-1,[]]',
  '{}',
])('text that does not hold the rows of a block is refused: %s', (text) => {
  expect(() => listedRows(decodeBlock(text))).toThrow();
});
