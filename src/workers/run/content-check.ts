/**
 * Compares rows that are read one by one with what the earlier output has, by their content. A worker knows the content of
 * rows that it fetches. Only a lane knows that of a local file.
 */
import { rowId, type BlockRows } from '../../shared/domain/block.ts';
import type { Outcomes } from '../../shared/domain/outcomes.ts';
import type { BudgetedRead } from '../intake/read/budgeted-reader.ts';
import type { RowVersion } from '../intake/read/row-versions.ts';
import { UNCHANGED } from '../lane/unchanged.ts';
import { withTaken, type Candidates } from './take-over.ts';

type ReadRow = (at: number) => BudgetedRead | Promise<BudgetedRead>;

export interface ContentCheck {
  /** The reader with what becomes of a row that it has read. An unchanged row goes to no lane. */
  reading(read: ReadRow): ReadRow;
  /** The outcomes with the results of unchanged rows. `outcomes`: those of all rows. */
  end(outcomes: readonly Outcomes[]): CheckedRows;
}

export interface CheckedRows {
  readonly outcomes: readonly Outcomes[];
  readonly versions: readonly RowVersion[];
  readonly taken: number;
}

/** `candidates`: null if the versions are only recorded. */
export function createContentCheck(block: BlockRows, candidates: Candidates | null): ContentCheck {
  const versions: RowVersion[] = block.rows.map(() => null);
  const taken: (string | null)[] = block.rows.map(() => null);

  function note(at: number, version: string): boolean {
    versions[at] = version;
    if (candidates?.versionOf(at) !== version) return false;
    taken[at] = candidates.resultOf(at, rowId(block, at));
    return taken[at] !== null;
  }

  /** The version with which a lane need not compute the row. */
  function known(at: number): string {
    const version = candidates?.versionOf(at) ?? null;
    return version !== null && candidates?.resultOf(at, rowId(block, at)) !== null ? version : '';
  }

  function judge(at: number, read: BudgetedRead): BudgetedRead {
    if (!read.ok) return read;
    const { version, input } = read;
    if (version === undefined)
      return 'path' in input ? { ...read, input: { ...input, known: known(at) } } : read;
    if (!note(at, version)) return read;
    read.release?.();
    return { ok: false, error: UNCHANGED };
  }

  return {
    reading: (read) => (at) => {
      const reading = read(at);
      return reading instanceof Promise ? reading.then((found) => judge(at, found)) : judge(at, reading);
    },
    end(outcomes) {
      let row = 0;
      for (const { ends, digests } of outcomes) {
        for (let at = 0; at < ends.length; at++, row++) {
          const digest = digests?.[at] ?? null;
          if (digest !== null) note(row, digest);
        }
      }
      return {
        outcomes: withTaken(taken, outcomes),
        versions,
        taken: taken.reduce((sum, result) => sum + (result === null ? 0 : 1), 0),
      };
    },
  };
}
