/** Compares the rows of a slice with what the earlier output has, by their content, and collects their versions. */
import type { PackedRecords } from '../../shared/domain/packed-records.ts';
import type { SliceChunk } from '../intake/read/budgeted-reader.ts';
import type { RowVersion } from '../intake/read/row-versions.ts';
import type { Candidates, TakenResults } from './take-over.ts';

/** The rows of a chunk that must be computed. */
export interface SomeRows {
  readonly positions: readonly number[];
  readonly count: number;
  readonly packed: PackedRecords | null;
  readonly source: Pick<SliceChunk, 'read' | 'problemOf' | 'joined'>;
  /** The results of the others. */
  readonly taken: TakenResults;
}

export interface SliceCheck {
  /** Null: all rows of the chunk must be computed. */
  before(chunk: SliceChunk): SomeRows | null;
  /** Call it when the rows of the chunk are on their way, because lanes need not wait for their versions. */
  after(chunk: SliceChunk): void;
  end(): { readonly taken: number; readonly versions: readonly RowVersion[] | null };
}

/** `firstRow`: the index of the slice's first row. */
export function createSliceCheck(
  { byContent, candidates }: { readonly byContent: boolean; readonly candidates: Candidates | null },
  firstRow: number,
): SliceCheck {
  if (!byContent) return { before: () => null, after: () => {}, end: () => ({ taken: 0, versions: null }) };
  const versions: RowVersion[] = [];
  let taken = 0;

  function take(chunk: SliceChunk, known: Candidates): (string | null)[] {
    const first = versions.length;
    const own = chunk.versions();
    for (const version of own) versions.push(version);
    return own.map((version, at) => {
      if (version === null || known.versionOf(first + at) !== version) return null;
      return known.resultOf(first + at, chunk.ids?.[at] ?? String(firstRow + first + at));
    });
  }

  return {
    before(chunk) {
      if (candidates === null) return null;
      const results = take(chunk, candidates);
      const positions = results.flatMap((result, at) => (result === null ? [at] : []));
      if (positions.length === chunk.count) return null;
      taken += chunk.count - positions.length;
      return { positions, count: positions.length, taken: results, ...some(chunk, positions) };
    },
    after(chunk) {
      if (candidates === null) for (const version of chunk.versions()) versions.push(version);
    },
    end: () => ({ taken, versions }),
  };
}

function some(chunk: SliceChunk, positions: readonly number[]): Pick<SomeRows, 'packed' | 'source'> {
  const { packed, joined } = chunk;
  return {
    packed: packed?.select(positions) ?? null,
    source: {
      read: (at) => chunk.read(positions[at]!),
      problemOf: (at) => chunk.problemOf(positions[at]!),
      ...(joined && { joined: () => joined().select(positions) }),
    },
  };
}
