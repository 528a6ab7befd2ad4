/**
 * The journal of a block: which row was being run when a worker died. After such a death the block is run row by row, and
 * the journal notes each row before it begins. A row that is noted at two deaths in a row is never run again. Pure.
 */
import { z } from 'zod';

const ROW = z.int().min(0);
const JOURNAL = z.object({
  /** Rows that must not be run. They are counted from the block's first row. */
  killers: z.array(ROW),
  /** The row that was being run at the last death, and the number of deaths in a row at it. */
  suspect: z.object({ row: ROW, deaths: z.int().min(1) }).nullable(),
  /** The row that is being run. */
  at: ROW.nullable(),
});
export type RowJournal = z.infer<typeof JOURNAL>;

/** One death may be chance, such as a deployment or a crash elsewhere. */
const DEATHS = 2;

/** Reads the journal that a dead run has left, for the next run. `text`: null where there is none. */
export function readJournal(text: string | null): RowJournal {
  if (text === null) return { killers: [], suspect: null, at: null };
  const { killers, suspect, at } = JOURNAL.parse(JSON.parse(text));
  if (at === null) return { killers, suspect, at };
  const deaths = suspect?.row === at ? suspect.deaths + 1 : 1;
  if (deaths >= DEATHS) return { killers: [...killers, at], suspect: null, at: null };
  return { killers, suspect: { row: at, deaths }, at: null };
}

/** The journal to write before `row` begins. Null: no row is being run. */
export function atRow(journal: RowJournal, row: number | null): RowJournal {
  return { ...journal, at: row };
}

export function writeJournal(journal: RowJournal): string {
  return JSON.stringify(journal);
}
