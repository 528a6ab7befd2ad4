/**
 * Turns a block's rows into their outcomes. Usually all rows go at once, in batches that they share with rows of other
 * blocks. If an earlier run of the block died without a report, they go one by one, and each is recorded before it
 * starts (INV-6).
 */
import { createNameList } from '../../shared/datasets/name-list.ts';
import { isSlice, rowId, type BlockRows, type BlockSlice } from '../../shared/domain/block.ts';
import type { JobSpec } from '../../shared/domain/job/job.ts';
import { packOutcomes, type Outcomes } from '../../shared/domain/outcomes.ts';
import type { RowRef } from '../../shared/domain/row.ts';
import { atRow, type RowJournal } from '../../shared/domain/row-journal.ts';
import type { Emit } from '../../shared/observe/events.ts';
import type { JobWindow } from '../../shared/queue/blocks/job-window.ts';
import type { BatchGroup } from '../intake/batch-group.ts';
import type { Batcher } from '../intake/batcher.ts';
import type { BudgetedRead, BudgetedReader, SliceChunk } from '../intake/read/budgeted-reader.ts';
import type { LaneRows } from '../lane/lane-rows.ts';
import type { LaneInput } from '../lane/messages.ts';
import type { RowReceiver } from '../intake/row-answer.ts';
import { rowMemory } from '../../shared/process/row-memory.ts';
import { createSemaphore } from '../../shared/process/semaphore.ts';
import { createBlockJoin, withListedJoin } from './block-join.ts';
import { recordedVersions } from '../../shared/domain/row-versions.ts';
import type { ByteBudget } from '../intake/byte-budget.ts';
import type { RowVersion } from '../intake/read/row-versions.ts';
import { createCachedRows, type RunCache, type CachedRows } from './cached-rows.ts';
import { createContentCheck, type ContentCheck } from './content-check.ts';
import type { EarlierParts } from './earlier-parts.ts';
import { explained, withListedPlaces } from './explain-errors.ts';
import { createResultMemory } from './result-memory.ts';
import { createRowSet, type RowSet } from './row-set.ts';
import {
  rowsOf,
  type BlockToCompute,
  type Computed,
  type OpenBlock,
  type Rows,
  type RowSource,
} from './open-block.ts';
import { createSliceCheck, type SomeRows } from './slice-check.ts';
import { amongTaken, readCandidates, type Candidates } from './take-over.ts';

export function createBlockComputer(deps: {
  window: Pick<JobWindow, 'noteRow'>;
  reader: BudgetedReader;
  batcher: Batcher;
  earlierParts: EarlierParts;
  /** Null: the model's answers cannot be kept. */
  cacheOf: (spec: JobSpec, group: BatchGroup) => RunCache | null;
  emit: Emit;
  /** Bounds the results that blocks take over, from reading them until the block is published. */
  takenBudget: ByteBudget;
}) {
  const { window, reader, batcher, earlierParts, takenBudget, cacheOf, emit } = deps;
  /** One journaled row at a time per worker, so that a death points to one row, not to one per block. */
  const journaled = createSemaphore(1);

  /**
   * Computes rows that the batcher expects. Rows that need no fetch go to the batcher together, without promises and
   * callbacks, because these cost too much for small rows.
   */
  async function computeRows(
    block: OpenBlock,
    count: number,
    source: RowSource,
  ): Promise<readonly Outcomes[]> {
    const rows = createRowSet(count, block.stats);
    const cached = block.cache === null ? null : createCachedRows(block.cache, count);
    const read = cached === null ? source.read : cached.reading(source.read);
    let inputs: LaneInput[] = [];
    const submitUpTo = (end: number) => {
      if (inputs.length > 0) batcher.submit(block.group, inputs, rows, end - inputs.length);
      inputs = [];
    };
    for (let at = 0; at < count; at++) {
      const reading = read(at);
      if (!(reading instanceof Promise) && reading.ok && reading.release === null) inputs.push(reading.input);
      else {
        submitUpTo(at);
        computeRow(block, reading, rows, at);
      }
    }
    submitUpTo(count);
    const all = cached === null ? rows.all : withCached(block, cached, rows.all);
    return finished(block, all, source);
  }

  async function withCached(
    { group, stats }: OpenBlock,
    cached: CachedRows,
    outcomes: Promise<readonly Outcomes[]>,
  ): Promise<readonly Outcomes[]> {
    const all = await cached.end(outcomes);
    const counts = cached.counts();
    stats.cached(counts);
    emit('rows.cached', { queue: group.model, ...counts });
    return all;
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

  async function computeListed(block: OpenBlock, listed: BlockRows): Promise<Rows> {
    const { rows } = listed;
    batcher.expect(block.group, rows.length, block.run.isLast);
    const check = checkOf(block, listed);
    const outcomes = await computeRows(block, rows.length, sourceOf(block, rows, check));
    return { rows: listed, ...checked(check, outcomes) };
  }

  function sourceOf(block: OpenBlock, rows: readonly RowRef[], check: ContentCheck | null): RowSource {
    const from = rowsOf(block);
    const read = (at: number) => reader.read(from, rows[at]!, block.abort);
    const source = withListedPlaces(check === null ? read : check.reading(read));
    return block.join === null ? source : withListedJoin(source, from.dataset, rows);
  }

  /** Sends the rows of a slice to lanes while it reads further rows. */
  async function computeSlice(block: OpenBlock, slice: BlockSlice): Promise<Rows> {
    const names = createNameList(slice.firstRow);
    const check = createSliceCheck(block, slice.firstRow);
    const chunks: Promise<readonly Outcomes[]>[] = [];
    let missing = slice.count;
    batcher.expect(block.group, slice.count, block.run.isLast);
    try {
      for await (const chunk of reader.readSlice(rowsOf(block), slice, block.abort)) {
        names.add(chunk);
        missing -= chunk.count;
        const done = computeChunk(block, chunk, check.before(chunk))
          .then((outcomes) => {
            chunk.recycle();
            return outcomes;
          })
          .finally(() => chunk.release());
        // Avoids an unhandled rejection while the next chunk is read.
        done.catch(() => {});
        chunks.push(done);
        check.after(chunk);
      }
    } catch (error) {
      for (; missing > 0; missing--) batcher.callOff(block.group);
      await Promise.allSettled(chunks);
      throw error;
    }
    const outcomes = (await Promise.all(chunks)).flat();
    return { rows: names.end(), outcomes, ...check.end() };
  }

  /** `some`: the rows that must be computed. Null: all. */
  async function computeChunk(
    block: OpenBlock,
    chunk: SliceChunk,
    some: SomeRows | null,
  ): Promise<readonly Outcomes[]> {
    if (some === null) return computeWhole(block, chunk.count, chunk.whole, chunk);
    const count = some.positions.length;
    for (let others = chunk.count - count; others > 0; others--) batcher.callOff(block.group);
    return some.finish(await computeWhole(block, count, some.packed, some.source));
  }

  /** `whole`: the rows, if they can go to a lane as they are. */
  async function computeWhole(
    block: OpenBlock,
    count: number,
    whole: LaneRows | null,
    source: RowSource,
  ): Promise<readonly Outcomes[]> {
    if (count === 0) return [];
    if (whole === null || block.cache !== null) return computeRows(block, count, source);
    const rows = createRowSet(count, block.stats, block.results);
    batcher.submit(block.group, whole, rows, 0);
    return finished(block, rows.all, source);
  }

  async function note({ job, block, token }: BlockToCompute, journal: RowJournal): Promise<void> {
    if (await window.noteRow(job, block, token, journal)) return;
    throw new Error('another run of the block has taken over');
  }

  async function computeOneByOne(block: OpenBlock): Promise<Rows> {
    const { journal, block: content } = block.run;
    /** `row`: its position in the block. */
    const computeOne = async (source: RowSource, at: number, row: number): Promise<readonly Outcomes[]> => {
      if (journal.killers.includes(row)) return [KILLER];
      return journaled.use(async () => {
        await note(block, atRow(journal, row));
        batcher.expect(block.group, 1);
        const set = createRowSet(1, block.stats);
        computeRow(block, source.read(at), set, 0);
        try {
          return await set.all;
        } finally {
          // The row has not killed the worker, even if its store is down or the run is handed back.
          await note(block, atRow(journal, null));
        }
      });
    };
    const computeEach = async (
      source: RowSource,
      count: number,
      rowOf: (at: number) => number,
    ): Promise<readonly Outcomes[]> => {
      const outcomes: Outcomes[] = [];
      for (let at = 0; at < count; at++) outcomes.push(...(await computeOne(source, at, rowOf(at))));
      return finished(block, Promise.resolve(outcomes), source);
    };
    if (!isSlice(content)) {
      const check = checkOf(block, content);
      const source = sourceOf(block, content.rows, check);
      const outcomes = await computeEach(source, content.rows.length, (at) => block.positions?.[at] ?? at);
      return { rows: content, ...checked(check, outcomes) };
    }
    const outcomes: Outcomes[] = [];
    const names = createNameList(content.firstRow);
    const check = createSliceCheck(block, content.firstRow);
    let first = 0;
    for await (const chunk of reader.readSlice(rowsOf(block), content, block.abort)) {
      names.add(chunk);
      const some = check.before(chunk);
      const start = first;
      try {
        const answers =
          some === null
            ? await computeEach(chunk, chunk.count, (at) => start + at)
            : await computeEach(some.source, some.positions.length, (at) => start + some.positions[at]!);
        check.after(chunk);
        outcomes.push(...(some === null ? answers : some.finish(answers)));
      } finally {
        chunk.release();
      }
      first += chunk.count;
    }
    return { rows: names.end(), outcomes, ...check.end() };
  }

  /** Rejects on abort, when another run has taken over, and with the errors of openSlice. */
  return async function compute(given: BlockToCompute): Promise<Computed> {
    const { spec, block: content } = given.run;
    const join = createBlockJoin(spec, reader.keep);
    const byContent = recordedVersions(spec) === 'content' || spec.delta?.by === 'content';
    const cache = spec.options.cache === 'on' ? cacheOf(spec, given.group) : null;
    const results = createResultMemory(rowMemory);
    const block = { ...given, join, cache, byContent, candidates: null, results, positions: null };
    let releaseTaken = () => {};
    const release = () => {
      join?.release();
      releaseTaken();
    };
    const releaseAll = () => {
      release();
      results.release();
    };
    const computeAnnounced = async (opened: OpenBlock): Promise<Computed> => {
      const computing = computeAll(opened);
      given.announce();
      return { ...(await computing), release: releaseAll };
    };
    try {
      const { delta } = spec;
      const { earlier } = content;
      const isDelta = delta !== undefined && earlier !== undefined;
      if (!isDelta && cache === null) return await computeAnnounced(block);
      // Blocks without a row for a lane are not held back by lanes.
      const booking = await takenBudget.admit();
      releaseTaken = booking.release;
      if (!isDelta) {
        const computed = await computeAnnounced(block);
        booking.settle(cache?.taken.bytes ?? 0);
        return computed;
      }
      const candidates = await readCandidates(earlierParts, delta, earlier);
      booking.settle(candidates.bytes);
      if (isSlice(content) || delta.by === 'content') return await computeAnnounced({ ...block, candidates });
      return { ...(await computeOthers(block, content, candidates)), release: releaseAll };
    } catch (error) {
      // Lanes may still answer rows of the block, so its results are left to the garbage collector.
      release();
      throw error;
    }
  };

  /** Computes the rows of a delta job whose results cannot be taken over. */
  async function computeOthers(block: OpenBlock, content: BlockRows, candidates: Candidates): Promise<Rows> {
    const { run } = block;
    const taken = content.rows.map(({ id }, at) => candidates.resultOf(at, id));
    const positions = content.rows.flatMap((_, at) => (taken[at] === null ? [at] : []));
    const rows = positions.map((at) => content.rows[at]!);
    const others = { ...block, positions, run: { ...run, block: { firstRow: content.firstRow, rows } } };
    if (rows.length === 0) batcher.expect(block.group, 0);
    const computing = rows.length === 0 ? null : computeAll(others);
    block.announce();
    const computed = await computing;
    let versions: RowVersion[] | null = null;
    if (computed !== null && computed.versions !== null) {
      versions = taken.map(() => null);
      for (const [i, at] of positions.entries()) versions[at] = computed.versions[i]!;
    }
    return {
      rows: content,
      outcomes: amongTaken(taken, computed?.outcomes ?? []),
      taken: content.rows.length - rows.length,
      versions,
    };
  }

  async function computeAll(block: OpenBlock): Promise<Rows> {
    // A row that kills workers must be found first, and nothing else matters.
    if (block.run.died > 0) return computeOneByOne({ ...block, cache: null });
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

/** `all`: the outcomes of all rows of the source, as caches and lanes gave them. */
async function finished(
  { join }: OpenBlock,
  all: Promise<readonly Outcomes[]>,
  source: RowSource,
): Promise<readonly Outcomes[]> {
  return explained(join === null ? all : join.add(all, source), source);
}

function checkOf({ byContent, candidates }: OpenBlock, rows: BlockRows): ContentCheck | null {
  const { length: count } = rows.rows;
  return byContent ? createContentCheck({ count, idOf: (at) => rowId(rows, at), candidates }) : null;
}

function checked(check: ContentCheck | null, outcomes: readonly Outcomes[]): Omit<Rows, 'rows'> {
  return check === null ? { outcomes, taken: 0, versions: null } : check.end(outcomes);
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
