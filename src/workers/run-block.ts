/**
 * One run of a block, the whole pipeline on one screen:
 * begin > (adopt an earlier part | read > batch > lane > stage > announce > publish) > commit > leave the queue.
 */
import type { ByteFiles } from '../shared/datasets/bytes/byte-file.ts';
import { listRows } from '../shared/datasets/open-slice.ts';
import { isSlice, type BlockStats } from '../shared/domain/block.ts';
import type { PartFacts, PartRecord } from '../shared/domain/part-record.ts';
import { deltaStats } from '../shared/domain/earlier-rows.ts';
import type { FileTask } from '../shared/domain/job/compaction.ts';
import { firstPart, type JobSpec } from '../shared/domain/job/job.ts';
import { recordedVersions } from '../shared/domain/row-versions.ts';
import { ForebayError, messageOf } from '../shared/errors.ts';
import type { Emit } from '../shared/observe/events.ts';
import type { TakenBlock } from '../shared/queue/blocks/block-taker.ts';
import type { BegunRun } from '../shared/queue/blocks/block-runs.ts';
import type { BlockCounts, CommitOutcome } from '../shared/queue/blocks/commit-blocks.ts';
import type { JobWindow } from '../shared/queue/blocks/job-window.ts';
import type { QueueSlots } from '../shared/queue/blocks/queue-slots.ts';
import { isNewerVersion } from '../shared/queue/jobs/job-specs.ts';
import { adoptBlock, proofOf, RowsDiffer, type PartOfJob } from '../shared/storage/adopt-block.ts';
import type { Outputs, PartProof } from '../shared/storage/output.ts';
import { fileListName } from '../shared/storage/file-names.ts';
import { sinkOf } from '../shared/sinks/sink-of.ts';
import { partRecordOf } from '../shared/storage/part-index/part-record-of.ts';
import { publishBlock } from '../shared/storage/publish-block.ts';
import type { RecordedVersions } from '../shared/storage/row-record.ts';
import { storageTrouble } from '../shared/storage/storage-trouble.ts';
import type { Compactor } from './compaction/compactor.ts';
import type { BatchGroup } from './intake/batch-group.ts';
import type { Batcher } from './intake/batcher.ts';
import type { ByteBudget } from './intake/byte-budget.ts';
import type { BudgetedReader } from './intake/read/budgeted-reader.ts';
import type { RunCache } from './run/cached-rows.ts';
import { createBlockComputer } from './run/compute-block.ts';
import type { EarlierParts } from './run/earlier-parts.ts';
import { createJobFlows } from './run/job-flow.ts';
import type { Computed } from './run/open-block.ts';
import { createRunStats } from './run/run-stats.ts';

export interface RunBlockDeps {
  window: JobWindow;
  slots: QueueSlots;
  reader: BudgetedReader;
  files: ByteFiles;
  outputs: Outputs;
  earlierParts: EarlierParts;
  takenBudget: ByteBudget;
  batcher: Batcher;
  compactor: Compactor;
  /** The result cache for the rows of a job. Null: the model's answers cannot be kept. */
  cacheOf: (spec: JobSpec, group: BatchGroup) => RunCache | null;
  /** The group in which a job's rows are batched. Null if this worker does not serve the model. */
  groupOf: (queue: string, run: BegunRun) => BatchGroup | null;
  emit: Emit;
}

export interface BlockRun {
  /** Settles when the batcher expects the block's rows, or the block has none to compute. */
  readonly announced: Promise<void>;
  /** Settles when the run has ended in any way. Never rejects. */
  readonly ended: Promise<void>;
  /** Gives the block back unfinished and drops its results. The run does not count as an attempt. Never rejects. */
  handBack(): Promise<void>;
}

/** Files are compared when a second run finds them, so Redis need not know their hashes. */
const NO_HASH = '-';

export function createBlockRunner(deps: RunBlockDeps) {
  const { window, slots, outputs, emit } = deps;
  const compute = createBlockComputer(deps);
  const flows = createJobFlows();

  return function runBlock(taken: TakenBlock): BlockRun {
    const { queue, token, queuedAt } = taken;
    const { job, block, generation } = taken.data;
    const flow = flows.begin(job);
    const stats = createRunStats(flow, { job, block, token });
    const moments = { token, queuedAt, startedAt: Date.now() };
    const abort = new AbortController();
    let announce = () => {};
    const announced = new Promise<void>((resolve) => (announce = resolve));
    let handingBack: Promise<void> | null = null;

    async function run(): Promise<void> {
      const begun = await window.beginRun(job, block, generation, token);
      if (!begun) return taken.complete();
      const group = deps.groupOf(queue, begun);
      // The model left the lanes while the block was being taken. The feeder adds it again, which wakes the model.
      if (!group) return leave('handedBack', 'handed back: the model has left the lanes');

      if (!isSlice(begun.block) && begun.block.task !== undefined) return compact(begun, begun.block.task);

      let facts = await adoptEarlierPart(begun);
      let takenOver: number | undefined;
      stats.begun();
      if (!facts) {
        const computed = await computeRows(begun, group);
        takenOver = computed.taken;
        try {
          if (handingBack) return;
          facts = await publish(begun, computed);
        } finally {
          computed.release();
        }
        if (!facts) return taken.complete();
      }
      const delta = deltaStats(begun.block.earlier, takenOver);
      await commit(begun, facts, delta);
    }

    /** Makes files of published parts. */
    async function compact({ spec, attempts }: BegunRun, task: FileTask): Promise<void> {
      announce();
      const started = performance.now();
      const output = outputs.of(spec.output);
      const permit = async () =>
        (await window.announcePart(job, { block, token, hash: NO_HASH, output: spec.output })).may;
      const isDone = attempts > 1 && (await output.read(fileListName(task.file))) !== null;
      if (!isDone) {
        const written = await deps.compactor.write({ spec, task, token, permit, signal: abort.signal });
        if (written === null) return taken.complete();
        emit('files.written', { job, task: task.file, ...written, ms: performance.now() - started });
      }
      if (handingBack) return;
      await commitAndLeave({ succeeded: 0, failed: 0 }, {});
    }

    function partOf(spec: JobSpec): PartOfJob {
      return { output: outputs.of(spec.output), job, part: firstPart(spec) + block, sink: sinkOf(spec) };
    }

    /** Null if no earlier run has published the block. */
    async function adoptEarlierPart(begun: BegunRun): Promise<PartFacts | null> {
      const { spec, attempts } = begun;
      // A run that was handed back does not count as an attempt. If it has published, `publish` finds its part.
      if (attempts <= 1 && !spec.resume) return null;
      const proof = proofOf(spec, begun.announced);
      const rows = () => listRows(deps.files, spec.dataset, begun.block, abort.signal);
      return adoptBlock(partOf(spec), rows, proof);
    }

    async function computeRows(begun: BegunRun, group: BatchGroup): Promise<Computed> {
      return compute({ job, block, token, run: begun, group, stats, abort, announce });
    }

    /** Null if the run may not publish. */
    async function publish(
      { spec }: BegunRun,
      { rows, outcomes, versions }: Computed,
    ): Promise<PartFacts | null> {
      const started = performance.now();
      const facts = await publishBlock(
        { ...partOf(spec), rows, outcomes, token, records: versionsToRecord(spec, versions) },
        async (hash): Promise<PartProof | 'superseded' | null> => {
          const permit = await window.announcePart(job, { block, token, hash, output: spec.output });
          if (permit.may) return proofOf(spec, permit.announced);
          emit('block.not_published', { job, block, why: permit.why });
          return permit.why === 'superseded' ? permit.why : null;
        },
      );
      stats.published(performance.now() - started);
      return facts;
    }

    async function commit(begun: BegunRun, facts: PartFacts, delta: BlockStats): Promise<void> {
      const started = performance.now();
      const record = partRecordOf(firstPart(begun.spec) + block, begun.block, facts);
      const outcome = await commitAndLeave(facts, { ...stats.totals(), ...delta }, record);
      const commitMs = performance.now() - started;
      flow.committed(commitMs);
      if (outcome === 'superseded') return;
      const times = { ...stats.times(), commitMs };
      const { succeeded, failed } = facts;
      const errors = facts.errors?.codes ?? {};
      emit('block.committed', { job, block, run: moments, queue, outcome, succeeded, failed, errors, times });
    }

    async function commitAndLeave(
      counts: BlockCounts,
      blockStats: BlockStats,
      record?: PartRecord,
    ): Promise<CommitOutcome> {
      const outcome = await window.commit(job, block, token, counts, blockStats, record);
      if (outcome === 'superseded') emit('block.superseded', { job, block });
      // The slot is returned last, so that a queue never holds more blocks than slots.
      await taken.complete();
      if (outcome !== 'superseded') await slots.release(queue, job, [block]);
      return outcome;
    }

    async function fail(error: unknown): Promise<void> {
      if (handingBack) return;
      // Other rows may still be being fetched, for example from a store that is down.
      abort.abort();
      if (isNewerVersion(error)) {
        await window.leaveRun(job, block, token, 'handedBack');
        return taken.leaveToNewer();
      }
      const text = describe(error);
      emit('block.run_failed', { job, block, run: moments, error: text });
      await leave({ error: text }, text);
    }

    /** Leaves the block to the feeder, which puts it on the queue again. */
    async function leave(how: 'handedBack' | { error: string }, why: string): Promise<void> {
      await window.leaveRun(job, block, token, how);
      await taken.fail(new Error(why));
      await window.announceLeft(job);
    }

    /** Another run begins when the block's lock expires. */
    function leftToLock(error: unknown): void {
      emit('block.left_to_lock', { job, block, error: messageOf(error) });
    }

    const ended = run()
      .catch(fail)
      .catch(leftToLock)
      .finally(() => {
        flow.end();
        announce();
      });

    return {
      announced,
      ended,
      async handBack() {
        if (!handingBack) {
          handingBack = leave(
            'handedBack',
            'handed back: the worker stops, or the model has left the lanes',
          ).catch(leftToLock);
          abort.abort();
        }
        return handingBack;
      },
    };
  };
}

/** Null: the versions of rows are not recorded. */
function versionsToRecord(spec: JobSpec, versions: Computed['versions']): RecordedVersions | null {
  const by = recordedVersions(spec);
  if (by !== 'content') return by;
  return versions === null ? null : { versions };
}

/** `code: message`. A storage failure has its own code, because it may be temporary. */
function describe(error: unknown): string {
  if (error instanceof ForebayError) return `${error.code}: ${error.message}`;
  if (error instanceof RowsDiffer) return `dataset_changed: ${error.message}`;
  const trouble = storageTrouble(error);
  if (trouble !== null) return `storage_unavailable: ${trouble}`;
  return `internal: ${messageOf(error)}`;
}
