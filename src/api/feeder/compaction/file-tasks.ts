/**
 * Plans how the parts of a job become files, and adds the tasks to the window after the job's blocks. Like blocks,
 * tasks have runs, generations and commits (docs/adr/0036).
 */
import { taskBlock } from '../../../shared/domain/block.ts';
import { fileTask, planFiles, type FilePlan } from '../../../shared/domain/job/compaction.ts';
import type { JobRecord, JobSpec } from '../../../shared/domain/job/job.ts';
import type { JobWindow } from '../../../shared/queue/blocks/job-window.ts';
import type { JobStore } from '../../../shared/queue/jobs/job-store.ts';
import type { Output } from '../../../shared/storage/output.ts';
import { PART_PREFIX, partNumber } from '../../../shared/storage/output-names.ts';
import type { JobBlocks } from '../job-blocks.ts';

/**
 * Fills up to `room` places of the window with tasks. Returns true if no task is left. `record`: that of a job whose
 * rows are all finished.
 */
export type FillFileTasks = (record: JobRecord, room: number) => Promise<boolean>;

export function createFillFileTasks(deps: {
  spec: JobSpec;
  lease: string;
  output: Pick<Output, 'list'>;
  jobs: Pick<JobStore, 'setFilePlan'>;
  window: Pick<JobWindow, 'position' | 'reserve'>;
  blocks: Pick<JobBlocks, 'inWindow' | 'reserved'>;
}): FillFileTasks {
  const { spec, lease, output, jobs, window, blocks } = deps;
  const { id, compact } = spec;

  /** The parts no longer change, so another feeder would make the same plan. */
  async function begin(nextBlock: number): Promise<FilePlan> {
    const plan = planFiles(compact!, nextBlock, await partBytes(output));
    await jobs.setFilePlan(id, lease, plan);
    return plan;
  }

  return async function fill(record, room) {
    if (compact === undefined) return true;
    const { nextBlock } = await window.position(id);
    const plan = record.filePlan ?? (await begin(nextBlock));
    const next = nextBlock - plan.blocks;
    const count = Math.min(room, plan.tasks - next);
    if (count > 0) {
      const tasks = Array.from({ length: count }, (_, i) => ({
        block: nextBlock + i,
        rows: taskBlock(fileTask(plan, next + i, compact.first_file)),
      }));
      const reserved = await window.reserve(id, lease, tasks, null);
      blocks.reserved(tasks.slice(0, reserved));
      return false;
    }
    return next === plan.tasks && blocks.inWindow === 0;
  };
}

async function partBytes(output: Pick<Output, 'list'>): Promise<number> {
  let sum = 0;
  for await (const { name, bytes } of output.list(PART_PREFIX)) if (partNumber(name) !== null) sum += bytes;
  return sum;
}
