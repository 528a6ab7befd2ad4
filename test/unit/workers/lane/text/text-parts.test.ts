import { expect, it } from 'vitest';
import { callsByLength } from '#forebay/workers/lane/text/batch/calls.js';
import { partsToTry } from '#forebay/workers/lane/text/limited-text.js';
import { createTokenRowsPool } from '#forebay/workers/lane/text/batch/token-rows.js';
import { keptOfPair, keptRange } from '#forebay/workers/lane/text/truncation.js';

it('calls hold rows of similar length within the token budget, the longest rows first', () => {
  const lengths = [5, 40, 6, 300, 7, 40];
  const lengthOf = (row: number) => lengths[row]!;
  const rows = [...lengths.keys()];
  const rules = { tokensPerCall: 80, mixed: true, fixedBatch: null };
  expect(callsByLength(rows, lengthOf, rules)).toEqual([[3], [1, 5], [4, 2, 0]]);
  expect(callsByLength([0, 2], lengthOf, rules)).toEqual([[2, 0]]);
});

it('all rows of a call have the same length if the graph cannot recognise padding tokens', () => {
  const lengths = [5, 6, 5, 5, 6];
  const rules = { tokensPerCall: 10, mixed: false, fixedBatch: null };
  expect(callsByLength([...lengths.keys()], (row) => lengths[row]!, rules)).toEqual([[1], [4], [0, 2], [3]]);
  const fixed = { ...rules, fixedBatch: 4 };
  expect(callsByLength([...lengths.keys()], (row) => lengths[row]!, fixed)).toEqual([
    [1, 4],
    [0, 2, 3],
  ]);
});

it('the longer text of a pair is cut first, and both get half of the room if neither is short', () => {
  expect(keptOfPair(3, 4, 10)).toEqual([3, 4]);
  expect(keptOfPair(3, 40, 10)).toEqual([3, 7]);
  expect(keptOfPair(40, 3, 10)).toEqual([7, 3]);
  expect(keptOfPair(40, 50, 11)).toEqual([5, 6]);
  expect(keptOfPair(50, 40, 11)).toEqual([6, 5]);
  expect(keptOfPair(6, 40, 10)).toEqual([5, 5]);
  expect(keptRange(9, 4, 'right')).toEqual({ from: 0, to: 4 });
  expect(keptRange(9, 4, 'left')).toEqual({ from: 5, to: 9 });
  expect(keptRange(3, 4, 'left')).toEqual({ from: 0, to: 3 });
});

it('parts of a long text are tried first, cut between words, from the side that truncation keeps', () => {
  expect(partsToTry('short', 10, 'right')).toEqual([{ text: 'short', from: 0 }]);
  const words = 'word '.repeat(2000);
  const right = partsToTry(words, 10, 'right');
  expect(right.map(({ text }) => text.length)).toEqual([4094, 10_000]);
  expect(right[0]!.text.endsWith('word')).toBe(true);
  const [left] = partsToTry(words, 10, 'left');
  expect(left).toEqual({ text: words.slice(left!.from), from: 10_000 - left!.text.length });
  expect(left!.text.startsWith(' word')).toBe(true);
});

it('the work for a text is bounded, and no character is cut in two', () => {
  const parts = partsToTry('x'.repeat(10 ** 6), 100, 'right');
  expect(parts.map(({ text }) => text.length)).toEqual([4096, 65_536]);
  const emoji = `x${'👍'.repeat(5000)}`;
  expect(partsToTry(emoji, 1, 'right')[0]!.text).toHaveLength(4095);
  expect(partsToTry(emoji, 1, 'left')[0]!.text).toHaveLength(4096);
});

it('token rows grow, may be written in any order, and are used again without the tokens of the last batch', () => {
  const pool = createTokenRowsPool();
  const rows = pool.take(2);
  for (const at of [1, 0]) {
    rows.begin(at);
    for (let i = 0; i < 1000; i++) rows.push(i * (at + 1), at);
    rows.end();
  }
  const ids = new Int32Array(1000);
  rows.copyIds(0, ids, 0, 1);
  expect([ids[999], rows.length(0), rows.length(1)]).toEqual([999, 1000, 1000]);
  rows.copyIds(1, ids, 0, 1);
  expect(ids[999]).toBe(1998);
  const spaced = new Int32Array(2000);
  rows.copyTypes(1, spaced, 0, 2);
  expect(spaced.slice(0, 4)).toEqual(Int32Array.of(1, 0, 1, 0));
  pool.giveBack(rows);
  const again = pool.take(8);
  expect([again, again.length(0), again.length(7)]).toEqual([rows, 0, 0]);
});
