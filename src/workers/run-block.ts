/**
 * One run of a block, the whole pipeline on one screen:
 * begin > (adopt an earlier part | read > batch > lane) > stage > may it be published? > publish > commit > off the queue.
 */
import { firstPart, type JobSpec } from '../shared/domain/job.ts';
import { ForebayError, messageOf } from '../shared/errors.ts';
import type { TakenBlock } from '../shared/queue/block-taker.ts';
import type { BegunRun } from '../shared/queue/block-runs.ts';
import type { JobWindow } from '../shared/queue/job-window.ts';
import type { QueueSlots } from '../shared/queue/queue-slots.ts';
import { adoptBlock, proofOf, RowsDiffer, type PartProof } from '../shared/storage/adopt-block.ts';
import { publishBlock } from '../shared/storage/publish-block.ts';
import { storageTrouble } from '../shared/storage/storage-trouble.ts';
import type { Logger } from '../shared/observe/logger.ts';
import type { Batcher, BatchGroup } from './intake/batcher.ts';
import { createBlockComputer } from './run/compute-block.ts';
import { createJobFlows } from './run/job-flow.ts';
import { createRunStats } from './run/run-stats.ts';
import type { BudgetedReader } from './intake/read/budgeted-reader.ts';

export interface RunBlockDeps {
  window: JobWindow;
  slots: QueueSlots;
  reader: BudgetedReader;
  batcher: Batcher;
  /** The group that a job's rows batch in; null for a model that this worker does not serve. */
  groupOf: (queue: string, run: BegunRun) => BatchGroup | null;
  log: Logger;
}

export interface BlockRun {
  /** Settles when the block's rows are announced to the batcher, or it has none to compute. */
  readonly announced: Promise<void>;
  /** Settles when the run has ended, however; never rejects. */
  readonly ended: Promise<void>;
  /** Gives the block back unfinished, not counted as an attempt; its results are dropped. */
  handBack(): Promise<void>;
}

export function createBlockRunner(deps: RunBlockDeps) {
  const { window, slots, log } = deps;
  const compute = createBlockComputer(deps);
  const flows = createJobFlows();

  return function runBlock(taken: TakenBlock): BlockRun {
    const { job, block, generation } = taken.data;
    const abort = new AbortController();
    let announce = () => {};
    const announced = new Promise<void>((resolve) => (announce = resolve));
    let handedBack = false;
    const flow = flows.begin(job);

    async function run(): Promise<void> {
      const stats = createRunStats(flow);
      const begun = await window.beginRun(job, block, generation, taken.token);
      if (!begun) return taken.complete();
      const group = deps.groupOf(taken.queue, begun);
      if (!group)
        throw new ForebayError('model_not_found', `this worker does not hold the model of job ${job}`);

      const { spec } = begun;
      const { output } = spec;
      const part = firstPart(spec) + block;
      // A part of a run that was not counted at all (handed back) is met when this one is published.
      const mayBePublished = begun.attempts > 1 || spec.resume;
      let counts = mayBePublished
        ? await adoptBlock(output, job, part, begun.block, proofOf(spec, begun.announced))
        : null;
      stats.begun();
      if (!counts) {
        const computing = compute({ job, block, token: taken.token, run: begun, group, stats, abort });
        announce();
        const outcomes = await computing;
        if (handedBack) return;
        const started = performance.now();
        counts = await publishBlock(
          { folder: output, job, part, rows: begun.block, outcomes, token: taken.token },
          async (hash) => permit(begun.spec, hash),
        );
        stats.published(performance.now() - started);
        if (!counts) return taken.complete();
      }
      const committing = performance.now();
      const outcome = await window.commit(job, block, taken.token, counts, stats.totals());
      if (outcome === 'superseded') log.info({ job, block }, 'another run has taken over, nothing counted');
      // The slot last: a queue never holds more blocks than slots.
      await taken.complete();
      if (outcome !== 'superseded') await slots.release(taken.queue, job, [block]);
      flow.committed(performance.now() - committing);
    }

    /** Null where the run may not publish: another one has taken over, or the output is another job's. */
    async function permit(spec: JobSpec, hash: string): Promise<PartProof | null> {
      const asked = { block, token: taken.token, hash, output: spec.output };
      const permitted = await window.announcePart(job, asked);
      if (permitted.may) return proofOf(spec, permitted.announced);
      log.info({ job, block, why: permitted.why }, 'the run may not publish, its results are dropped');
      return null;
    }

    async function failed(error: unknown): Promise<void> {
      if (handedBack) return;
      if (error instanceof ForebayError && error.code === 'newer_version') {
        await window.leaveRun(job, block, taken.token, 'handedBack');
        return taken.leaveToNewer();
      }
      const text = describe(error);
      log.warn({ job, block, error: text }, 'run failed, the block will be run again');
      await window.leaveRun(job, block, taken.token, { error: text });
      await taken.fail(new Error(text));
      await window.announceLeft(job);
    }

    const ended = run()
      .catch(failed)
      .catch((error: unknown) => log.warn({ job, block, error: messageOf(error) }, 'block left to its lock'))
      .finally(() => {
        flow.end();
        announce();
      });

    return {
      announced,
      ended,
      async handBack() {
        handedBack = true;
        abort.abort();
        await window.leaveRun(job, block, taken.token, 'handedBack');
        await taken.fail(new Error('handed back: the worker stops'));
        await window.announceLeft(job);
      },
    };
  };
}

/** `code: message`; storage trouble has its own code, because it may pass. */
function describe(error: unknown): string {
  if (error instanceof ForebayError) return `${error.code}: ${error.message}`;
  if (error instanceof RowsDiffer) return `dataset_changed: ${error.message}`;
  const trouble = storageTrouble(error);
  if (trouble !== null) return `storage_unavailable: ${trouble}`;
  return `internal: ${messageOf(error)}`;
}
