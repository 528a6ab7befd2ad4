/**
 * Which row of a block was in work when a worker died. A block whose run died without a word is run again row by
 * row; the row in work is written down before it begins, and crossed out after it. A row that was in work at two
 * deaths in a row is not begun a third time. Pure.
 */
import { z } from 'zod';

const ROW = z.int().min(0);
const JOURNAL = z.object({
  /** Rows, counted from the block's first, that are not to be run. */
  killers: z.array(ROW),
  /** The row that was in work at the last death, and at how many in a row. */
  suspect: z.object({ row: ROW, deaths: z.int().min(1) }).nullable(),
  /** The row in work. */
  at: ROW.nullable(),
});
export type RowJournal = z.infer<typeof JOURNAL>;

/** One death may be chance: a deploy, a crash elsewhere. */
const DEATHS = 2;

/** What a run is to know, from what the one before it, which died, has left; null: nothing. */
export function readJournal(text: string | null): RowJournal {
  if (text === null) return { killers: [], suspect: null, at: null };
  const { killers, suspect, at } = JOURNAL.parse(JSON.parse(text));
  if (at === null) return { killers, suspect, at };
  const deaths = suspect?.row === at ? suspect.deaths + 1 : 1;
  if (deaths >= DEATHS) return { killers: [...killers, at], suspect: null, at: null };
  return { killers, suspect: { row: at, deaths }, at: null };
}

/** The journal to write before `row` begins, or with null after it. */
export function atRow(journal: RowJournal, row: number | null): RowJournal {
  return { ...journal, at: row };
}

export function writeJournal(journal: RowJournal): string {
  return JSON.stringify(journal);
}
