/**
 * Turns a block's rows into their outcomes. Usually all rows go at once, in batches that they share with rows of other
 * blocks. If an earlier run of the block died without a report, they go one by one, and each is recorded before it
 * starts (INV-6).
 */
import { createNameList } from '../../shared/datasets/name-list.ts';
import { isSlice, type BlockRows, type BlockSlice, type NamedRows } from '../../shared/domain/block.ts';
import { packOutcomes, type Outcomes } from '../../shared/domain/outcomes.ts';
import type { RowRef } from '../../shared/domain/row.ts';
import { atRow, type RowJournal } from '../../shared/domain/row-journal.ts';
import type { BegunRun } from '../../shared/queue/blocks/block-runs.ts';
import type { JobWindow } from '../../shared/queue/blocks/job-window.ts';
import type { BatchGroup } from '../intake/batch-group.ts';
import type { Batcher } from '../intake/batcher.ts';
import type { BudgetedRead, BudgetedReader, SliceChunk } from '../intake/read/budgeted-reader.ts';
import type { RowsOf } from '../intake/read/row-reader.ts';
import type { LaneInput } from '../lane/messages.ts';
import type { RowReceiver } from '../intake/row-answer.ts';
import { createSemaphore } from '../../shared/process/semaphore.ts';
import { createBlockJoin, withListedJoin, type BlockJoin } from './block-join.ts';
import type { Outputs } from '../../shared/storage/output.ts';
import { createRowSet, type RowSet } from './row-set.ts';
import type { RunStats } from './run-stats.ts';
import { amongTaken, readTaken } from './take-over.ts';

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

/** Blocks of delta jobs that are read and not yet published. */
const TAKEN_AT_ONCE = 16;

interface JoiningBlock extends BlockToCompute {
  /** Null: no columns of the input go to the output. */
  readonly join: BlockJoin | null;
  /** Where the rows are in the block. Null: these are all rows of the block. */
  readonly positions: readonly number[] | null;
}

/** Rows that can be read one by one. See SliceChunk. `joined`: call it when they have been read. */
type RowSource = Pick<SliceChunk, 'read' | 'problemOf' | 'joined'>;

/** The rows of a block, and their outcomes in order. */
interface Rows {
  readonly rows: NamedRows;
  readonly outcomes: readonly Outcomes[];
}

export interface Computed extends Rows {
  /** Rows whose results come from an earlier output. */
  readonly taken: number;
  /** Call when the outcomes are no longer needed. */
  readonly release: () => void;
}

export function createBlockComputer(deps: {
  window: Pick<JobWindow, 'noteRow'>;
  reader: BudgetedReader;
  batcher: Batcher;
  outputs: Outputs;
}) {
  const { window, reader, batcher } = deps;
  /** One journaled row at a time per worker, so that a death points to one row, not to one per block. */
  const journaled = createSemaphore(1);
  /** Blocks without a row for a lane are not held back by lanes, so their results are bounded here. */
  const takingOver = createSemaphore(TAKEN_AT_ONCE);

  /**
   * Computes rows that the batcher expects. Rows that need no fetch go to the batcher together, without promises and
   * callbacks, because these cost too much for small rows.
   */
  async function computeRows(
    block: JoiningBlock,
    count: number,
    source: RowSource,
  ): Promise<readonly Outcomes[]> {
    const rows = createRowSet(count, block.stats, source.problemOf);
    let inputs: LaneInput[] = [];
    const submitUpTo = (end: number) => {
      if (inputs.length > 0) batcher.submit(block.group, inputs, rows, end - inputs.length);
      inputs = [];
    };
    for (let at = 0; at < count; at++) {
      const reading = source.read(at);
      if (!(reading instanceof Promise) && reading.ok && reading.release === null) inputs.push(reading.input);
      else {
        submitUpTo(at);
        computeRow(block, reading, rows, at);
      }
    }
    submitUpTo(count);
    return block.join === null ? rows.all : block.join.add(rows.all, source);
  }

  function computeRow(
    block: BlockToCompute,
    reading: BudgetedRead | Promise<BudgetedRead>,
    rows: RowSet,
    at: number,
  ): void {
    if (!(reading instanceof Promise)) return submitRow(block, reading, rows, at);
    reading.then(
      (read) => submitRow(block, read, rows, at),
      (error: unknown) => {
        batcher.callOff(block.group);
        rows.failed(error);
      },
    );
  }

  function submitRow({ group, stats }: BlockToCompute, read: BudgetedRead, rows: RowSet, at: number): void {
    if (!read.ok) {
      batcher.callOff(group);
      rows.settle(at, { ok: false, error: read.error });
      return;
    }
    stats.fetched(read);
    const { release } = read;
    batcher.submit(group, [read.input], release === null ? rows : releasing(release, rows), at);
  }

  async function computeListed(block: JoiningBlock, listed: BlockRows): Promise<Rows> {
    const { rows } = listed;
    batcher.expect(block.group, rows.length);
    return { rows: listed, outcomes: await computeRows(block, rows.length, sourceOf(block, rows)) };
  }

  /** Listed rows need no `problemOf`, because they are checked before they go to a lane. */
  function sourceOf(block: JoiningBlock, rows: readonly RowRef[]): RowSource {
    const from = rowsOf(block);
    const source: RowSource = {
      read: (at) => reader.read(from, rows[at]!, block.abort),
      problemOf: () => null,
    };
    return block.join === null ? source : withListedJoin(source, from.dataset, rows);
  }

  /** Sends the rows of a slice to lanes while it reads further rows. */
  async function computeSlice(block: JoiningBlock, slice: BlockSlice): Promise<Rows> {
    const names = createNameList(slice.firstRow);
    const chunks: Promise<readonly Outcomes[]>[] = [];
    let missing = slice.count;
    batcher.expect(block.group, slice.count);
    try {
      for await (const chunk of reader.readSlice(rowsOf(block), slice, block.abort)) {
        names.add(chunk);
        missing -= chunk.count;
        const done = computeChunk(block, chunk).finally(() => chunk.release());
        // Avoids an unhandled rejection while the next chunk is read.
        done.catch(() => {});
        chunks.push(done);
      }
    } catch (error) {
      for (; missing > 0; missing--) batcher.callOff(block.group);
      await Promise.allSettled(chunks);
      throw error;
    }
    return { rows: names.end(), outcomes: (await Promise.all(chunks)).flat() };
  }

  async function computeChunk(block: JoiningBlock, chunk: SliceChunk): Promise<readonly Outcomes[]> {
    const { count, packed } = chunk;
    if (packed === null) return computeRows(block, count, chunk);
    const rows = createRowSet(count, block.stats, chunk.problemOf);
    batcher.submit(block.group, packed, rows, 0);
    return block.join === null ? rows.all : block.join.add(rows.all, chunk);
  }

  async function note({ job, block, token }: BlockToCompute, journal: RowJournal): Promise<void> {
    if (await window.noteRow(job, block, token, journal)) return;
    throw new Error('another run of the block has taken over');
  }

  async function computeOneByOne(block: JoiningBlock): Promise<Rows> {
    const { journal, block: content } = block.run;
    let next = 0;
    const computeOne = async (source: RowSource, at: number): Promise<readonly Outcomes[]> => {
      const i = block.positions?.[next] ?? next;
      next += 1;
      if (journal.killers.includes(i)) return [KILLER];
      return journaled.use(async () => {
        await note(block, atRow(journal, i));
        batcher.expect(block.group, 1);
        const set = createRowSet(1, block.stats, () => source.problemOf(at));
        computeRow(block, source.read(at), set, 0);
        try {
          return await set.all;
        } finally {
          // The row has not killed the worker, also if its store is down or the run is handed back.
          await note(block, atRow(journal, null));
        }
      });
    };
    const computeEach = async (source: RowSource, count: number): Promise<readonly Outcomes[]> => {
      const outcomes: Outcomes[] = [];
      for (let at = 0; at < count; at++) outcomes.push(...(await computeOne(source, at)));
      return block.join === null ? outcomes : block.join.add(Promise.resolve(outcomes), source);
    };
    if (!isSlice(content)) {
      const source = sourceOf(block, content.rows);
      return { rows: content, outcomes: await computeEach(source, content.rows.length) };
    }
    const outcomes: Outcomes[] = [];
    const names = createNameList(content.firstRow);
    for await (const chunk of reader.readSlice(rowsOf(block), content, block.abort)) {
      names.add(chunk);
      try {
        outcomes.push(...(await computeEach(chunk, chunk.count)));
      } finally {
        chunk.release();
      }
    }
    return { rows: names.end(), outcomes };
  }

  /** Rejects on abort, when another run has taken over, and with the errors of openSlice. */
  return async function compute(given: BlockToCompute): Promise<Computed> {
    const join = createBlockJoin(given.run.spec, reader.keep);
    const block = { ...given, join, positions: null };
    const { block: content } = given.run;
    let letNext = () => {};
    const release = () => {
      join?.release();
      letNext();
    };
    try {
      if (isSlice(content) || content.earlier === undefined) {
        const computing = computeAll(block);
        given.announce();
        return { ...(await computing), taken: 0, release };
      }
      letNext = await takingOver.hold();
      return { ...(await computeOthers(block, content)), release };
    } catch (error) {
      release();
      throw error;
    }
  };

  /** Computes the rows of a delta job whose results cannot be taken over. */
  async function computeOthers(block: JoiningBlock, content: BlockRows): Promise<Rows & { taken: number }> {
    const { run } = block;
    const taken = await readTaken(deps.outputs, run.spec, content);
    const positions = content.rows.flatMap((_, at) => (taken[at] === null ? [at] : []));
    const rows = positions.map((at) => content.rows[at]!);
    const others = { ...block, positions, run: { ...run, block: { firstRow: content.firstRow, rows } } };
    if (rows.length === 0) batcher.expect(block.group, 0);
    const computing = rows.length === 0 ? null : computeAll(others);
    block.announce();
    return {
      rows: content,
      outcomes: amongTaken(taken, (await computing)?.outcomes ?? []),
      taken: content.rows.length - rows.length,
    };
  }

  async function computeAll(block: JoiningBlock): Promise<Rows> {
    if (block.run.died > 0) return computeOneByOne(block);
    const { block: content } = block.run;
    return isSlice(content) ? computeSlice(block, content) : computeListed(block, content);
  }
}

/** Gives the row's bytes back to the budget when the row is answered. */
function releasing(release: () => void, rows: RowSet): RowReceiver {
  return {
    run: rows.run,
    answered(at, outcomes, batch) {
      release();
      rows.answered(at, outcomes, batch);
    },
  };
}

function rowsOf({ run: { spec }, group }: BlockToCompute): RowsOf {
  return { dataset: spec.dataset, tenant: spec.tenant, input: group.input };
}

const KILLER: Outcomes = packOutcomes([
  {
    ok: false,
    error: {
      code: 'worker_crashed',
      message: 'Workers died each time they started this row, so it is not tried again.',
    },
  },
]);
