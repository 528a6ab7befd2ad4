/**
 * Feeds one job from its dataset to its queue until every block is committed, and then finalises it. Runs in the one
 * process that holds the job's lease. Everything that another process needs to continue is in Redis.
 */
import type { DatasetSource } from '../../shared/datasets/source.ts';
import type { JobReason, JobRecord, JobSpec } from '../../shared/domain/job/job.ts';
import { isTerminal } from '../../shared/domain/job/job-state.ts';
import { ForebayError, messageOf } from '../../shared/errors.ts';
import type { Emit } from '../../shared/observe/events.ts';
import type { JobStore } from '../../shared/queue/jobs/job-store.ts';
import type { JobWindow } from '../../shared/queue/blocks/job-window.ts';
import type { SlotWait } from '../../shared/queue/blocks/queue-slots.ts';
import { LeaseLost } from '../../shared/queue/jobs/lease.ts';
import type { ModelService } from '../../shared/queue/workers/worker-registry.ts';
import type { Output } from '../../shared/storage/output.ts';
import { storageTrouble } from '../../shared/storage/storage-trouble.ts';
import { checkRowLimit } from '../jobs/create/row-limit.ts';
import { takeOverOutput } from '../jobs/output/take-over-output.ts';
import { createCommitSpeed } from './commit-speed.ts';
import { createFillFileTasks } from './compaction/file-tasks.ts';
import { removesFiles } from './compaction/write-compacted.ts';
import { createDatasetReading } from './reading/dataset-reading.ts';
import { createFillWindow } from './reading/fill-window.ts';
import { createRecordMover } from './records/move-records.ts';
import type { JobBlocks } from './job-blocks.ts';
import {
  failureOfFeeding,
  failureOfWhole,
  judgeRuns,
  outageOf,
  tooManyErrors,
  type Failure,
} from './judge-job.ts';
import {
  feedLevel,
  queueLimit,
  refillMark,
  vetoOnAdding,
  windowLimit,
  taskRoom,
  windowRoom,
  type FeedState,
} from './policies.ts';
import { createShownReason } from './shown-reason.ts';
import { whyEmpty } from './reading/why-empty.ts';

export interface JobFeeder {
  /** One round: does everything that can be done now. Returns true when the job has ended. */
  step(): Promise<boolean>;
  /** Whether a round is due after commits have left this many blocks in the window. */
  isDue(left: number): boolean;
  /** Closes the reader's resources. */
  close(): Promise<void>;
}

const REPAIR_MS = 5_000;
/** A worker returns a slot just after its commit. Only a wait for a slot that is longer than this is shown. */
const SHORT_MS = 500;

/** Whether the job's blocks get the slots that they ask for. */
type Supply = { readonly name: 'enough' } | { readonly name: 'short'; readonly since: number };

/** The reason that a job shows while its blocks wait for slots. */
const REASONS = {
  share: {
    reason: 'fair_share',
    text: 'It waits for its share: other jobs want the same workers, which are shared by tenant, then by job.',
  },
  priority: { reason: 'fair_share', text: 'It waits for its share: jobs with a better priority go first.' },
  limit: { reason: 'queue_limit', text: null },
  window: { reason: 'queue_limit', text: null },
} as const satisfies Record<SlotWait, { reason: JobReason; text: string | null }>;

export function createJobFeeder(deps: {
  spec: JobSpec;
  lease: string;
  source: DatasetSource;
  output: Output;
  jobs: Pick<
    JobStore,
    | 'get'
    | 'markFedAll'
    | 'markOpened'
    | 'mustGet'
    | 'outputHolder'
    | 'releaseOutput'
    | 'retire'
    | 'setFilePlan'
    | 'setReason'
    | 'setTotal'
    | 'transition'
  >;
  window: Pick<
    JobWindow,
    | 'collectRecords'
    | 'commitFound'
    | 'dropRecords'
    | 'holdsLease'
    | 'position'
    | 'recordsWaiting'
    | 'reserve'
    | 'runError'
    | 'waitingRecords'
  >;
  blocks: JobBlocks;
  /** What live workers can do for the job's model. */
  service: () => Promise<ModelService>;
  configuredQueueLimit: number | undefined;
  /** Maximum number of rows of a job. Null: no limit. */
  maxRows: number | null;
  finalise: (record: JobRecord) => Promise<void>;
  emit: Emit;
  signal: AbortSignal;
}): JobFeeder {
  const { spec, lease, source, output, jobs, window, blocks, maxRows, signal, emit } = deps;
  const { id, options } = spec;
  const reading = createDatasetReading({
    source,
    options,
    position: async () => window.position(id),
    signal,
  });
  const records = createRecordMover({ spec, lease, output, window });
  const fill = createFillWindow({
    spec,
    lease,
    source,
    output,
    reading,
    jobs,
    window,
    blocks,
    records,
    maxRows,
    signal,
  });
  const fillFileTasks = createFillFileTasks({ spec, lease, output, jobs, window, blocks });
  const speed = createCommitSpeed();
  const shown = createShownReason(jobs, id);
  let supply: Supply = { name: 'enough' };
  /** From then on, the feeder that had the lease before changes nothing in the output any more (ms, monotonic). */
  const fencedAt = performance.now() + output.fenceMs;
  /** What the job was doing when this feeder took it over. */
  let tookOver: 'unknown' | 'running' | 'ending' = 'unknown';
  let repaired = { at: -Infinity, left: 0 };
  /** A round is due when at most this many blocks are left in the window. Infinity: after every commit. */
  let dueAt = Infinity;

  async function end(error: Failure | null): Promise<void> {
    await jobs.transition(id, 'finalizing', { error, reason: null, lease });
  }

  /** Takes over the output for the job. Returns false if that failed. Then the job ends, or a later round retries. */
  async function open(): Promise<boolean> {
    if (performance.now() < fencedAt) return false;
    try {
      await takeOverOutput(output, spec, spec.opening!, lease, async () => window.holdsLease(id, lease));
      await jobs.markOpened(id, lease);
      return true;
    } catch (error) {
      if (error instanceof LeaseLost) throw error;
      const failure = failureOfFeeding(error);
      const trouble = storageTrouble(error) ?? (error instanceof ForebayError ? error.message : null);
      if (failure) await end(failure);
      else if (trouble !== null) await shown.show('storage_unavailable', trouble);
      else throw error;
      return false;
    }
  }

  /** Repairs the window at intervals, and at once if a block has left the queue uncommitted. `left`: how many have. */
  async function repair(left: number): Promise<void> {
    if (left === repaired.left && performance.now() - repaired.at <= REPAIR_MS) return;
    await blocks.repair();
    repaired = { at: performance.now(), left };
  }

  async function feed(record: JobRecord): Promise<void> {
    const service = await deps.service();
    await blocks.refresh();
    const blocksPerS = speed(record.blocks.done);
    const look = (): FeedState => ({
      model: spec.model,
      service,
      concurrency: options.concurrency,
      inWindow: blocks.inWindow,
      onQueue: blocks.onQueue,
      blocksPerS,
    });
    // A slow store takes seconds to list a whole window, so workers get the first block before that.
    let { status } = record;
    if (status === 'queued' && blocks.inWindow === 0 && vetoOnAdding(look()) === null) {
      await fill(1);
      if (blocks.inWindow > 0) {
        await start(status, look());
        status = 'running';
      }
    }
    const state = look();
    await fill(windowRoom(state));
    const isFed = reading.state === 'ended' && (record.filePlan !== null || blocks.inWindow === 0);
    if (isFed && (await finish(taskRoom(state)))) return;

    const veto = vetoOnAdding(state);
    if (veto) return shown.show(veto.reason, veto.text);
    const waitsFor = await start(status, state);
    if (waitsFor === null) supply = { name: 'enough' };
    else if (supply.name === 'enough') supply = { name: 'short', since: performance.now() };
    if (await judgeBlocks()) return;
    // While blocks wait for slots, `dueAt` stays Infinity, because every commit may free a slot.
    if (waitsFor === null && !isFed) dueAt = reading.state === 'ended' ? 0 : refillMark(state);
    const isShort = supply.name === 'short' && performance.now() - supply.since > SHORT_MS;
    const waits = isShort && waitsFor !== null ? REASONS[waitsFor] : null;
    if (waits !== null) await shown.show(waits.reason, waits.text);
    else await shown.show(isFed ? 'compacting' : null);
  }

  /** Puts blocks of the window on the queue, as far as slots allow. Returns what the remaining blocks wait for. */
  async function start(status: JobRecord['status'], state: FeedState): Promise<SlotWait | null> {
    if (status === 'queued') await jobs.transition(id, 'running', { from: ['queued'], lease });
    const limit = windowLimit(state);
    return blocks.add({
      queue: queueLimit(state.service.lanes, deps.configuredQueueLimit, limit),
      window: limit,
      feed: feedLevel(state),
      isFull: reading.state === 'open' && blocks.inWindow >= limit,
    });
  }

  /** Shows that blocks are run again, or ends a job whose block never succeeds. Returns true if it did either. */
  async function judgeBlocks(): Promise<boolean> {
    const { worst, retried } = blocks;
    if (worst !== null && worst.attempts >= 2) {
      const judged = judgeRuns(worst, await window.runError(id, worst.block));
      if (judged.verdict === 'fails') await end(judged.failure);
      else await shown.show(judged.reason, judged.text);
      return true;
    }
    if (retried === null) return false;
    const outage = outageOf(await window.runError(id, retried));
    if (outage !== null) await shown.show('storage_unavailable', outage);
    return outage !== null;
  }

  /**
   * Call it when all rows are finished. Returns false while parts become files. `room`: how many tasks that write files
   * may be added.
   */
  async function finish(room: number): Promise<boolean> {
    const record = await jobs.mustGet(id);
    const rows = record.succeeded + record.failed;
    await jobs.setTotal(id, rows);
    const failure = failureOfWhole(record);
    if (failure === null && rows > 0 && !(await fillFileTasks(record, room))) return false;
    if (failure === null && rows === 0) {
      const reasonText = await whyEmpty(source, record.skipped, signal);
      await jobs.transition(id, 'finalizing', { error: null, reason: 'empty_dataset', reasonText, lease });
    } else {
      await end(failure);
    }
    return true;
  }

  /** Ends a job in state `finalizing` or `cancelling`. Runs may still commit. Returns true when the job has ended. */
  async function windDown(record: JobRecord): Promise<boolean> {
    await blocks.repair();
    await blocks.withdraw();
    await blocks.drop((await deps.service()).lanes === 0 ? 'all' : 'idle');
    await blocks.refresh();
    if (blocks.inWindow > 0) return false;
    // Until then, a feeder that was frozen while it opened the output or removed files may still change the output. The
    // next owner must not see that.
    const mayHaveRemoved = tookOver === 'ending' && removesFiles(record);
    if ((!record.opened || mayHaveRemoved) && performance.now() < fencedAt) return false;
    await records.settle();
    await deps.finalise(record);
    return true;
  }

  /** Takes the last steps for a process that ended the job and then died. */
  async function clearUp(): Promise<void> {
    // A job that has ended keeps its claim until another one takes the output over.
    if ((await jobs.outputHolder(spec.output)) === id) await output.removeStaging(id);
    await jobs.releaseOutput(spec.output, id);
    await jobs.retire(id);
  }

  async function pause(): Promise<void> {
    await blocks.repair();
    await blocks.withdraw();
    await shown.show('paused');
  }

  async function feedOrFail(record: JobRecord): Promise<void> {
    try {
      checkRowLimit(record.total ?? 0, maxRows);
      await feed(record);
    } catch (error) {
      // Blocks that were read but not reserved are lost with this reader. The next reader starts at the saved cursor.
      await reading.close();
      const failure = failureOfFeeding(error);
      if (!failure) {
        if (!(error instanceof ForebayError) || error.code !== 'storage_unavailable') throw error;
        await shown.show('storage_unavailable', error.message);
        return;
      }
      emit('job.feed_failed', { job: id, error: messageOf(error) });
      await end(failure);
    }
  }

  return {
    async close() {
      await Promise.all([reading.close(), records.settle()]);
    },
    isDue: (left) => left <= dueAt,
    async step() {
      dueAt = Infinity;
      const record = await jobs.get(id);
      if (!record) return true;
      if (isTerminal(record.status)) {
        await clearUp();
        return true;
      }
      shown.read(record);
      const isEnding = record.status === 'finalizing' || record.status === 'cancelling';
      if (tookOver === 'unknown') tookOver = isEnding ? 'ending' : 'running';
      if (isEnding) return windDown(record);
      if (record.status === 'paused') {
        await pause();
        return false;
      }
      if (!record.opened && !(await open())) return false;
      const tooMany = tooManyErrors(record);
      if (tooMany) {
        await end(tooMany);
        return false;
      }
      await repair(record.left);
      await feedOrFail(record);
      return false;
    },
  };
}
