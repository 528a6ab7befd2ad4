/**
 * Feeds one job from its dataset to its queue, within window and slots, until every block is committed;
 * then finalises it. Runs in the one process that holds the job's lease; everything it needs to go on
 * elsewhere is in Redis.
 */
import type { Logger } from '../../shared/observe/logger.ts';
import {
  breaksMaxErrors,
  firstPart,
  type JobReason,
  type JobRecord,
  type JobSpec,
} from '../../shared/domain/job.ts';
import type { Cursor } from '../../shared/domain/dataset-spec.ts';
import { NOTHING_SKIPPED } from '../../shared/domain/skipped.ts';
import { isTerminal } from '../../shared/domain/job-state.ts';
import { ForebayError, messageOf } from '../../shared/errors.ts';
import { createSkipTally, type SkipTally } from '../../shared/datasets/skip-tally.ts';
import type { DatasetSource } from '../../shared/datasets/source.ts';
import type { JobStore } from '../../shared/queue/job-store.ts';
import type { JobWindow } from '../../shared/queue/job-window.ts';
import type { ModelService } from '../../shared/queue/worker-registry.ts';
import { LeaseLost } from '../../shared/queue/lease.ts';
import { adoptBlock, RowsDiffer } from '../../shared/storage/adopt-block.ts';
import { removeStaging } from '../../shared/storage/staging.ts';
import { storageTrouble } from '../../shared/storage/storage-trouble.ts';
import type { JobBlocks } from './job-blocks.ts';
import { whyEmpty } from './why-empty.ts';
import { queueLimit, refillMark, vetoOnAdding, windowLimit, windowRoom, type FeedState } from './policies.ts';
import { checkRowLimit } from '../jobs/create/row-limit.ts';
import { takeOverOutput } from '../jobs/output/take-over-output.ts';
import { splitDataset, type SplitBlock } from './splitter.ts';

export interface JobFeeder {
  /** One round: as much as can be done now. True when the job has ended. */
  step(): Promise<boolean>;
  /** Whether commits that leave so many blocks in the window give cause for a round. */
  isDue(left: number): boolean;
  /** Closes what reading holds open. */
  close(): Promise<void>;
}

/** Runs of one block after which the job gives up, unless storage is what fails: that may come back. */
const MAX_RUNS = 20;
/** What a block's run says of the output folder, and no other run of it can change. */
const PERMANENT = ['output_changed', 'dataset_changed'] as const;
const REPAIR_MS = 5_000;
/** Blocks read ahead of one reservation: each is a round trip and holds its rows in memory. */
const RESERVE_AT_ONCE = 64;
const RESERVE_ROWS = 4_096;
/** The job's speed is measured over at least this long. */
const SPEED_MS = 200;
/** Waiting this long for a slot is worth telling; a worker returns one just after its commit. */
const SHORT_MS = 500;

export function createJobFeeder(deps: {
  spec: JobSpec;
  lease: string;
  source: DatasetSource;
  jobs: JobStore;
  window: JobWindow;
  blocks: JobBlocks;
  /** What live workers can do for the job's model. */
  service: () => Promise<ModelService>;
  configuredQueueLimit: number | undefined;
  /** Of the job; null: no limit. */
  maxRows: number | null;
  finalise: (record: JobRecord) => Promise<void>;
  log: Logger;
  signal: AbortSignal;
}): JobFeeder {
  const { spec, lease, source, jobs, window, blocks, log } = deps;
  const { id, options } = spec;
  let reading: AsyncGenerator<SplitBlock, void, undefined> | null = null;
  /** Of the reading, up to the last block that it gave out. */
  let tally = createSkipTally();
  let fedAll = false;
  let repairedAt = -Infinity;
  let leftSeen = 0;
  let shortSince: number | null = null;
  /** A round is due when no more blocks than this are left in the window: any, unless all is well. */
  let dueAt = Infinity;
  let speed = { at: performance.now(), done: 0, blocksPerS: 0 };
  let shown: { reason: JobReason | null; text: string | null } = { reason: null, text: null };

  async function show(reason: JobReason | null, text: string | null = null): Promise<void> {
    if (reason === shown.reason && text === shown.text) return;
    shown = { reason, text };
    await jobs.setReason(id, reason, text);
  }

  async function end(error: { code: string; message: string } | null): Promise<void> {
    await jobs.transition(id, 'finalizing', { error, reason: null, lease });
  }

  /** Makes the output the job's. False where that failed: the job has ended, or it is tried again. */
  async function open(): Promise<boolean> {
    try {
      await takeOverOutput(spec, spec.opening!, lease, async () => window.holdsLease(id, lease));
      await jobs.markOpened(id, lease);
      return true;
    } catch (error) {
      if (error instanceof LeaseLost) throw error;
      const failure = failureOf(error);
      const trouble = storageTrouble(error) ?? (error instanceof ForebayError ? error.message : null);
      if (failure) await end(failure);
      else if (trouble !== null) await show('storage_unavailable', trouble);
      else throw error;
      return false;
    }
  }

  /** Opens the dataset where feeding stopped. */
  async function openReading(): Promise<AsyncGenerator<SplitBlock, void, undefined>> {
    const position = await window.position(id);
    fedAll = position.done;
    tally = createSkipTally(position.cursor?.skipped);
    return splitDataset(source, {
      tally,
      from: position.cursor,
      blockRows: options.block_rows,
      limit: options.limit,
      signal: deps.signal,
    });
  }

  async function close(): Promise<void> {
    await reading?.return();
    reading = null;
  }

  /** Reads blocks into the window while there is room. */
  async function fill(state: FeedState): Promise<void> {
    reading ??= await openReading();
    for (let room = windowRoom(state); room > 0 && !fedAll && !deps.signal.aborted;) {
      const read = await readBlocks(reading, Math.min(room, RESERVE_AT_ONCE));
      const last = read.blocks.at(-1);
      if (last) {
        // Feeding may be ahead of counting.
        checkRowLimit(last.rows.firstRow + last.rows.rows.length, deps.maxRows, ' or more');
        const reserved = await window.reserve(id, lease, read.blocks, cursorWith(last.cursor, tally));
        if (reserved < read.blocks.length) {
          // Paused or cancelled meanwhile: the cursor in Redis has not moved, read again from there.
          await close();
          return;
        }
        blocks.reserved(read.blocks);
        for (const split of read.blocks) if (!(await adopt(split))) room -= 1;
      }
      if (read.ended) {
        await window.markFedAll(id, lease, tally.total());
        fedAll = true;
      }
    }
  }

  /** Counts a block that an earlier job has published (resume). */
  async function adopt(split: SplitBlock): Promise<boolean> {
    if (!spec.resume) return false;
    const part = firstPart(spec) + split.block;
    const counts = await adoptBlock(spec.output, id, part, split.rows, 'owned');
    if (!counts) return false;
    const adopted = { rows_adopted: split.rows.rows.length };
    await window.commitFound(id, split.block, lease, counts, adopted);
    blocks.committed(split.block);
    return true;
  }

  function speedNow(done: number): number {
    const ms = performance.now() - speed.at;
    if (ms >= SPEED_MS)
      speed = { at: performance.now(), done, blocksPerS: ((done - speed.done) / ms) * 1000 };
    return speed.blocksPerS;
  }

  async function feed(record: JobRecord): Promise<void> {
    const service = await deps.service();
    await blocks.refresh();
    const state: FeedState = {
      model: spec.model,
      service,
      concurrency: options.concurrency,
      inWindow: blocks.inWindow,
      onQueue: blocks.onQueue,
      blocksPerS: speedNow(record.blocks.done),
    };
    await fill(state);
    if (fedAll && blocks.inWindow === 0) return finish();

    const veto = vetoOnAdding(state);
    if (veto) return show(veto.reason, veto.text);
    if (record.status === 'queued') await jobs.transition(id, 'running', { from: ['queued'], lease });
    const limit = windowLimit(state);
    const waiting = await blocks.add({
      queue: queueLimit(service.lanes, deps.configuredQueueLimit, limit),
      window: limit,
    });
    if (waiting === 0) shortSince = null;
    else shortSince ??= performance.now();
    if (await judgeRuns()) return;
    // Blocks that wait for a slot go on with the next one that is free.
    if (waiting === 0) dueAt = fedAll ? 0 : refillMark(state);
    await show(shortSince !== null && performance.now() - shortSince > SHORT_MS ? 'queue_limit' : null);
  }

  /** Says so when blocks are run again, and ends a job whose block is run in vain. True where it did either. */
  async function judgeRuns(): Promise<boolean> {
    const { worst } = blocks;
    if (worst === null || worst.attempts < 2) return false;
    const last = (await window.runError(id, worst.block)) ?? 'its workers died in it';
    const permanent = PERMANENT.find((code) => last.startsWith(`${code}: `));
    if (permanent) await end({ code: permanent, message: last.slice(permanent.length + 2) });
    else if (last.startsWith('storage_unavailable')) await show('storage_unavailable');
    else if (worst.attempts <= MAX_RUNS) await show('retrying');
    else {
      const message = `Block ${worst.block} was run ${worst.attempts} times without success: ${last}`;
      await end({ code: 'block_failed', message });
    }
    return true;
  }

  function tooManyErrors(record: JobRecord): { code: string; message: string } | null {
    const finished = record.succeeded + record.failed;
    if (!breaksMaxErrors(options.max_errors, record.failed, finished)) return null;
    return {
      code: 'too_many_errors',
      message: `${record.failed} of ${finished} finished rows failed; max_errors is ${options.max_errors}.`,
    };
  }

  async function finish(): Promise<void> {
    const record = await jobs.mustGet(id);
    const rows = record.succeeded + record.failed;
    await jobs.setTotal(id, rows);
    const tooMany = tooManyErrors(record);
    if (tooMany) await end(tooMany);
    else if (rows > 0 && record.succeeded === 0) {
      await end({ code: 'all_rows_failed', message: `All ${rows} rows failed; errors-*.jsonl says why.` });
    } else if (rows === 0) {
      const reasonText = await whyEmpty(source, record.skipped, deps.signal);
      await jobs.transition(id, 'finalizing', { error: null, reason: 'empty_dataset', reasonText, lease });
    } else {
      await end(null);
    }
  }

  /** A job that ends early: nothing new is begun, what runs may commit. */
  async function windDown(record: JobRecord): Promise<boolean> {
    await blocks.repair();
    await blocks.withdraw();
    await blocks.drop((await deps.service()).lanes === 0);
    await blocks.refresh();
    if (blocks.inWindow > 0) return false;
    await deps.finalise(record);
    return true;
  }

  return {
    close,
    isDue: (left) => left <= dueAt,
    async step() {
      dueAt = Infinity;
      const record = await jobs.get(id);
      if (!record) return true;
      if (isTerminal(record.status)) {
        // Ended by a process that died before it had cleared up.
        await removeStaging(spec.output, id);
        await jobs.releaseOutput(spec.output, id);
        await jobs.retire(id);
        return true;
      }
      shown = { reason: record.reason, text: record.reasonText };
      if (record.status === 'finalizing' || record.status === 'cancelling') return windDown(record);
      if (record.status === 'paused') {
        await blocks.repair();
        await blocks.withdraw();
        await show('paused');
        return false;
      }
      if (!record.opened && !(await open())) return false;
      const tooMany = tooManyErrors(record);
      if (tooMany) {
        await end(tooMany);
        return false;
      }
      if (record.left !== leftSeen || performance.now() - repairedAt > REPAIR_MS) {
        await blocks.repair();
        leftSeen = record.left;
        repairedAt = performance.now();
      }
      try {
        checkRowLimit(record.total ?? 0, deps.maxRows);
        await feed(record);
      } catch (error) {
        // What was read and not reserved is lost with this reading: the next one starts at the saved cursor.
        await close();
        const failure = failureOf(error);
        if (!failure) throw error;
        log.warn({ job: id, error: messageOf(error) }, 'job cannot be fed');
        await end(failure);
      }
      return false;
    },
  };
}

/** A cursor takes along what was left out before it. */
function cursorWith(cursor: Cursor, tally: SkipTally): Cursor {
  const skipped = tally.total();
  return skipped === NOTHING_SKIPPED ? cursor : { ...cursor, skipped };
}

/** The next blocks of a reading, up to `most`, or fewer where they are large. */
async function readBlocks(
  reading: AsyncGenerator<SplitBlock, void, undefined>,
  most: number,
): Promise<{ blocks: SplitBlock[]; ended: boolean }> {
  const blocks: SplitBlock[] = [];
  for (let rows = 0; blocks.length < most && rows < RESERVE_ROWS;) {
    const next = await reading.next();
    if (next.done) return { blocks, ended: true };
    blocks.push(next.value);
    rows += next.value.rows.rows.length;
  }
  return { blocks, ended: false };
}

/** What ends a job rather than being tried again. */
function failureOf(error: unknown): { code: string; message: string } | null {
  if (error instanceof RowsDiffer) {
    return {
      code: 'dataset_changed',
      message: `The input is not the one that the output was made from: ${error.message}. Use another output, or overwrite this one.`,
    };
  }
  if (error instanceof ForebayError && !error.retryable) return { code: error.code, message: error.message };
  return null;
}
