/**
 * One run of a block, the whole pipeline on one screen:
 * begin > (adopt an earlier part | read > batch > lane) > publish > commit > off the queue.
 */
import { firstPart } from '../shared/domain/job.ts';
import { ForebayError, messageOf } from '../shared/errors.ts';
import type { TakenBlock } from '../shared/queue/block-taker.ts';
import type { BegunRun, JobWindow } from '../shared/queue/job-window.ts';
import type { QueuePlaces } from '../shared/queue/queue-places.ts';
import { adoptBlock, publishBlock } from '../shared/storage/publish-block.ts';
import type { Logger } from '../shared/observe/logger.ts';
import type { Batcher, BatchGroup } from './batcher.ts';
import { createBlockComputer } from './compute-block.ts';
import { createJobFlows } from './job-flow.ts';
import { createRunStats } from './run-stats.ts';
import type { BudgetedReader } from './read/budgeted-reader.ts';

export interface RunBlockDeps {
  window: JobWindow;
  places: QueuePlaces;
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
  const { window, places, log } = deps;
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

      const { output } = begun.spec;
      const part = firstPart(begun.spec) + block;
      // A part of a run that was not counted at all (handed back) is met when this one is published.
      const mayBePublished = begun.attempts > 1 || begun.spec.resume;
      let counts = mayBePublished ? await adoptBlock(output, part, begun.block) : null;
      stats.begun();
      if (!counts) {
        const outcomes = compute({ job, block, token: taken.token, run: begun, group, stats, abort });
        announce();
        const settled = await outcomes;
        if (handedBack) return;
        const started = performance.now();
        counts = await publishBlock(output, part, begun.block, settled, taken.token);
        stats.published(performance.now() - started);
      }
      const committing = performance.now();
      const outcome = await window.commit(job, block, { run: taken.token }, counts, stats.totals());
      if (outcome === 'superseded') log.info({ job, block }, 'another run has taken over, nothing counted');
      // The place last: a queue never holds more blocks than places.
      await taken.complete();
      if (outcome !== 'superseded') await places.release(taken.queue, job, [block]);
      flow.committed(performance.now() - committing);
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
  const code = (error as NodeJS.ErrnoException | null)?.code;
  const storage = ['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EIO', 'EMFILE', 'ENOENT', 'ENOTDIR', 'ESTALE'];
  if (typeof code === 'string' && storage.includes(code)) return `storage_unavailable: ${messageOf(error)}`;
  return `internal: ${messageOf(error)}`;
}
