/** Compares the rows of a slice with what the earlier output has, by their content, and collects their versions. */
import type { Outcomes } from '../../shared/domain/outcomes.ts';
import type { PackedRecords } from '../../shared/domain/packed-records.ts';
import type { SliceChunk } from '../intake/read/budgeted-reader.ts';
import { joinedSuffix, type RowVersion } from '../intake/read/row-versions.ts';
import { createContentCheck, type ContentCheck } from './content-check.ts';
import { amongTaken, type Candidates } from './take-over.ts';

/** The rows of a chunk that must be computed. */
export interface SomeRows {
  readonly positions: readonly number[];
  readonly packed: PackedRecords | null;
  readonly source: Pick<SliceChunk, 'read' | 'explain' | 'joined'>;
  /** The outcomes of all rows of the chunk. `outcomes`: those of the computed rows. */
  finish(outcomes: readonly Outcomes[]): readonly Outcomes[];
}

export interface SliceCheck {
  /** Null: all rows of the chunk go to lanes as they are. */
  before(chunk: SliceChunk): SomeRows | null;
  /** Call it when the rows of the chunk are on their way, because lanes need not wait for their versions. */
  after(chunk: SliceChunk): void;
  /** Call it after all rows have been computed. */
  end(): { readonly taken: number; readonly versions: readonly RowVersion[] | null };
}

const NO_CHECK: SliceCheck = {
  before: () => null,
  after: () => {},
  end: () => ({ taken: 0, versions: null }),
};

/** `firstRow`: the index of the slice's first row. */
export function createSliceCheck(
  { byContent, candidates }: { readonly byContent: boolean; readonly candidates: Candidates | null },
  firstRow: number,
): SliceCheck {
  if (!byContent) return NO_CHECK;
  /** By chunk. */
  const versions: RowVersion[][] = [];
  let rows = 0;
  let taken = 0;

  /** The results of rows whose version is known from their record. */
  function take(own: readonly RowVersion[], first: number, idOf: (at: number) => string): (string | null)[] {
    return own.map((version, at) =>
      version !== null && candidates?.versionOf(first + at) === version
        ? candidates.resultOf(first + at, idOf(at))
        : null,
    );
  }

  return {
    before(chunk) {
      const first = rows;
      rows += chunk.count;
      const idOf = (at: number) => chunk.ids?.[at] ?? String(firstRow + first + at);
      // Without candidates, `after` finds the versions.
      const own = candidates === null ? Array.from({ length: chunk.count }, () => null) : chunk.versions();
      versions.push(own);
      const results = take(own, first, idOf);
      const positions = results.flatMap((result, at) => (result === null ? [at] : []));
      taken += chunk.count - positions.length;
      if (chunk.packed !== null) {
        if (positions.length === chunk.count) return null;
        const packed = chunk.packed.select(positions);
        const finish = (outcomes: readonly Outcomes[]) => amongTaken(results, outcomes);
        return { positions, packed, source: sourceOf(chunk, positions, null), finish };
      }
      const joined = chunk.joined?.();
      const check = createContentCheck({
        count: positions.length,
        idOf: (at) => idOf(positions[at]!),
        suffixOf: joined && ((at) => joinedSuffix(joined.slice(positions[at]!, positions[at]! + 1).own())),
        candidates: candidates && {
          versionOf: (at) => candidates.versionOf(first + positions[at]!),
          resultOf: (at, id) => candidates.resultOf(first + positions[at]!, id),
        },
      });
      return {
        positions,
        packed: null,
        source: sourceOf(chunk, positions, check),
        finish(outcomes) {
          const checked = check.end(outcomes);
          taken += checked.taken;
          for (const [at, version] of checked.versions.entries()) own[positions[at]!] ??= version;
          return amongTaken(results, checked.outcomes);
        },
      };
    },
    after(chunk) {
      if (candidates !== null) return;
      const own = versions.at(-1)!;
      for (const [at, version] of chunk.versions().entries()) own[at] = version;
    },
    end: () => ({ taken, versions: versions.flat() }),
  };
}

function sourceOf(
  chunk: SliceChunk,
  positions: readonly number[],
  check: ContentCheck | null,
): SomeRows['source'] {
  const { joined } = chunk;
  const read = (at: number) => chunk.read(positions[at]!);
  return {
    read: check === null ? read : check.reading(read),
    explain: (at, error) => chunk.explain(positions[at]!, error),
    ...(joined && { joined: () => joined().select(positions) }),
  };
}
