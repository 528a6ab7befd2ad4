/** A block while its rows are computed, and what becomes of them. */
import type { NamedRows } from '../../shared/domain/block.ts';
import type { Outcomes } from '../../shared/domain/outcomes.ts';
import type { BegunRun } from '../../shared/queue/blocks/block-runs.ts';
import type { BatchGroup } from '../intake/batch-group.ts';
import type { SliceChunk } from '../intake/read/budgeted-reader.ts';
import type { RowsOf } from '../intake/read/row-reader.ts';
import type { RowVersion } from '../intake/read/row-versions.ts';
import type { BlockJoin } from './block-join.ts';
import type { RunCache } from './cached-rows.ts';
import type { ResultMemory } from './result-memory.ts';
import type { RunStats } from './run-stats.ts';
import type { Candidates } from './take-over.ts';

export interface BlockToCompute {
  readonly job: string;
  readonly block: number;
  readonly token: string;
  readonly run: BegunRun;
  readonly group: BatchGroup;
  readonly stats: RunStats;
  readonly abort: AbortController;
  /** Called when the batcher expects all rows that must be computed. */
  readonly announce: () => void;
}

export interface OpenBlock extends BlockToCompute {
  /** Null: the job does not use the result cache. */
  readonly cache: RunCache | null;
  /** Null: no columns of the input go to the output. */
  readonly join: BlockJoin | null;
  /** Whether the versions of rows are taken from their content. */
  readonly byContent: boolean;
  /** Results that are taken over if the content of their row has not changed. Null: none are. */
  readonly candidates: Candidates | null;
  /** For the results of small rows. */
  readonly results: ResultMemory;
  /** Where the rows are in the block. Null: these are all rows of the block. */
  readonly positions: readonly number[] | null;
}

/** Rows that can be read one by one. See SliceChunk. `joined`: call it when they have been read. */
export type RowSource = Pick<SliceChunk, 'read' | 'explain' | 'joined'>;

/** The rows of a block, and their outcomes in order. */
export interface Rows {
  readonly rows: NamedRows;
  readonly outcomes: readonly Outcomes[];
  /** Rows whose results come from an earlier output. */
  readonly taken: number;
  /** The versions of the rows by content. Null: they are not known. */
  readonly versions: readonly RowVersion[] | null;
}

export interface Computed extends Rows {
  /** Call when the outcomes are no longer needed. */
  readonly release: () => void;
}

/** What a reader of its rows needs. */
export function rowsOf({ run: { spec }, group, byContent, cache }: OpenBlock): RowsOf {
  const { dataset, tenant } = spec;
  return { dataset, tenant, input: group.input, versions: byContent, wholeFiles: cache !== null };
}
