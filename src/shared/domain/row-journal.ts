/**
 * The journal of a block: the row that was running when a worker died. After such a death the block is run row by row, and
 * the journal notes each row before it starts. A row noted at two consecutive deaths is never run again. Pure.
 */
import { z } from 'zod';

const ROW = z.int().min(0);
const JOURNAL = z.object({
  /** Rows that must not run, counted from the block's first row. */
  killers: z.array(ROW),
  /** The row that was running at the last death, and the number of consecutive deaths at it. */
  suspect: z.object({ row: ROW, deaths: z.int().min(1) }).nullable(),
  /** The row that is running. */
  at: ROW.nullable(),
});
export type RowJournal = z.infer<typeof JOURNAL>;

/** One death may be chance, such as a deployment or a crash elsewhere. */
const DEATHS = 2;

/** Reads the journal of a dead run, for the next run. `text`: null if there is none. */
export function readJournal(text: string | null): RowJournal {
  if (text === null) return { killers: [], suspect: null, at: null };
  const { killers, suspect, at } = JOURNAL.parse(JSON.parse(text));
  if (at === null) return { killers, suspect, at };
  const deaths = suspect?.row === at ? suspect.deaths + 1 : 1;
  if (deaths >= DEATHS) return { killers: [...killers, at], suspect: null, at: null };
  return { killers, suspect: { row: at, deaths }, at: null };
}

/** The journal to write before `row` starts. Null: no row is running. */
export function atRow(journal: RowJournal, row: number | null): RowJournal {
  return { ...journal, at: row };
}

export function writeJournal(journal: RowJournal): string {
  return JSON.stringify(journal);
}
