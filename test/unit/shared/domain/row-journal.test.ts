import { expect, it } from 'vitest';
import { atRow, readJournal, writeJournal } from '#forebay/shared/domain/row-journal.js';

type Journal = ReturnType<typeof readJournal>;
const none = readJournal(null);
/** The journal that the next run reads after a run died in the last of `rows`. */
const diedIn = (journal: Journal, ...rows: number[]) =>
  readJournal(writeJournal(rows.reduce((j, row) => atRow(j, row), journal)));

it('skips a row after two deaths in it, but not after one, whatever rows came before', () => {
  const once = diedIn(none, 0, 3, 7);
  expect(once).toEqual({ killers: [], suspect: { row: 7, deaths: 1 }, at: null });
  expect(diedIn(once, 0, 3, 7).killers).toEqual([7]);
});

it('blames neither a finished row, nor two rows of which each killed one run', () => {
  expect(readJournal(writeJournal(atRow(atRow(none, 7), null)))).toEqual(none);
  expect(diedIn(diedIn(none, 7), 9)).toEqual({ killers: [], suspect: { row: 9, deaths: 1 }, at: null });
});

it('remembers several killer rows of one block', () => {
  expect(diedIn(diedIn(diedIn(diedIn(none, 2), 2), 5), 5).killers).toEqual([2, 5]);
});
