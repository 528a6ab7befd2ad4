/**
 * Compares rows that are read one by one with what the earlier output has, by their content. A worker knows the content
 * of rows that it fetches. Only a lane knows that of a local file.
 */
import type { Outcomes } from '../../shared/domain/outcomes.ts';
import { UNCHANGED } from '../../shared/domain/unchanged.ts';
import type { BudgetedRead } from '../intake/read/budgeted-reader.ts';
import type { RowVersion } from '../intake/read/row-versions.ts';
import { withTaken, type Candidates } from './take-over.ts';

type ReadRow = (at: number) => BudgetedRead | Promise<BudgetedRead>;

export interface ContentCheck {
  /** A reader that also checks the rows that it reads. An unchanged row goes to no lane. */
  reading(read: ReadRow): ReadRow;
  /** The outcomes with the results of unchanged rows. `outcomes`: those of all rows. */
  end(outcomes: readonly Outcomes[]): CheckedRows;
}

export interface CheckedRows {
  readonly outcomes: readonly Outcomes[];
  readonly versions: readonly RowVersion[];
  readonly taken: number;
}

export interface RowsToCheck {
  readonly count: number;
  readonly idOf: (at: number) => string;
  /** What a version has besides the content of the row's file. Absent: nothing. */
  readonly suffixOf?: ((at: number) => string) | undefined;
  /** Null: versions are only recorded. */
  readonly candidates: Pick<Candidates, 'resultOf' | 'versionOf'> | null;
}

export function createContentCheck({ count, idOf, suffixOf, candidates }: RowsToCheck): ContentCheck {
  const versions: RowVersion[] = Array.from({ length: count }, () => null);
  const taken: (string | null)[] = Array.from({ length: count }, () => null);

  /** Returns whether the result of the row is taken over. */
  function note(at: number, content: string): boolean {
    const version = content + (suffixOf?.(at) ?? '');
    versions[at] = version;
    if (candidates?.versionOf(at) !== version) return false;
    taken[at] = candidates.resultOf(at, idOf(at));
    return taken[at] !== null;
  }

  /** See `known` in LaneFileInput. */
  function known(at: number): string {
    const version = candidates?.versionOf(at) ?? null;
    const suffix = suffixOf?.(at) ?? '';
    if (version === null || !version.endsWith(suffix) || candidates?.resultOf(at, idOf(at)) === null)
      return '';
    return version.slice(0, version.length - suffix.length);
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
