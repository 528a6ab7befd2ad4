/** Adds the columns of the input that go to the output to the outcomes of a block. They never go to a lane. */
import { joinedOfPlace } from '../../shared/datasets/join/place-join.ts';
import { joinOf, type DatasetSpec } from '../../shared/domain/dataset-spec.ts';
import { joinLimit } from '../../shared/domain/join.ts';
import { withJoined } from '../../shared/domain/joined-outcomes.ts';
import type { JobSpec } from '../../shared/domain/job/job.ts';
import type { Outcomes } from '../../shared/domain/outcomes.ts';
import { PackedRecords } from '../../shared/domain/packed-records.ts';
import type { RowRef } from '../../shared/domain/row.ts';
import type { BudgetedRead, BudgetedReader, SliceChunk } from '../intake/read/budgeted-reader.ts';

export interface BlockJoin {
  /** The outcomes with the values of their rows. `rows`: their source. */
  add(outcomes: Promise<readonly Outcomes[]>, rows: Pick<SliceChunk, 'joined'>): Promise<Outcomes[]>;
  /** The outcomes are no longer needed. */
  release(): void;
}

/** Null: the job joins no columns. */
export function createBlockJoin(
  { dataset, options }: Pick<JobSpec, 'dataset' | 'options'>,
  keep: BudgetedReader['keep'],
): BlockJoin | null {
  if (joinOf(dataset) === undefined) return null;
  const limit = joinLimit(options.block_rows);
  /** Null: released. Chunks of a block that has failed may end later. */
  let kept: (() => void)[] | null = [];
  return {
    async add(answering, rows) {
      const outcomes = await answering;
      const joined = rows.joined?.();
      if (joined === undefined) return [...outcomes];
      kept?.push(keep(joined.size));
      return withJoined(outcomes, joined, limit);
    },
    release() {
      for (const release of kept ?? []) release();
      kept = null;
    },
  };
}

type Listed = Pick<SliceChunk, 'read' | 'explain'>;

/** For rows that are read one by one: remembers the values that were read with a row. */
export function withListedJoin(
  source: Listed,
  dataset: DatasetSpec,
  rows: readonly RowRef[],
): Listed & Pick<SliceChunk, 'joined'> {
  const found = new Map<number, Uint8Array>();
  const noteOf = (at: number) => (read: BudgetedRead) => {
    if (read.ok && read.joined !== undefined) found.set(at, read.joined);
    return read;
  };
  return {
    ...source,
    read(at) {
      const reading = source.read(at);
      return reading instanceof Promise ? reading.then(noteOf(at)) : noteOf(at)(reading);
    },
    joined() {
      const values = rows.map((row, at) => found.get(at) ?? Buffer.from(joinedOfPlace(dataset, row)));
      return PackedRecords.ofBytes(values);
    },
  };
}
