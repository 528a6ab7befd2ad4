import { expect, it } from 'vitest';
import { decodeBlock, encodeBlock, listedRows, type BlockRows } from '#forebay/shared/domain/block.js';

it('decoding returns the rows of a block unchanged', () => {
  const block: BlockRows = {
    firstRow: 7,
    rows: [{ id: 'a' }, { id: 'b', at: '0+3' }, { id: 'c', index: 12 }, { id: 'd', at: '', index: 0 }],
  };
  expect(listedRows(decodeBlock(encodeBlock(block)))).toEqual(block);
});

it.each([
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
