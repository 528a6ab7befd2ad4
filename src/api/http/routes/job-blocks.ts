/** The blocks of a job by state. */
import type { BlockMap } from '../../../shared/domain/block-ranges.ts';
import type { JobStore } from '../../../shared/queue/jobs/job-store.ts';
import { mount, type MountTarget } from '../endpoint/mount.ts';
import { blocksToWire, JOB_BLOCKS } from '../wire/blocks.ts';
import { JOB_PARAMS } from './jobs.ts';
import { JOB_PROBLEMS } from './problem-sets.ts';

export interface JobBlocksDeps {
  readonly jobs: Pick<JobStore, 'mustGet'>;
  readonly blockMap: (job: string) => Promise<BlockMap>;
}

export function mountJobBlocks(target: MountTarget, deps: JobBlocksDeps): void {
  mount(
    target,
    {
      method: 'get',
      path: '/v1/jobs/{id}/blocks',
      operationId: 'getJobBlocks',
      tag: 'Results and progress',
      access: 'jobs:read',
      summary: "Get the states of a job's blocks",
      description:
        'As ranges of blocks with the same state. There are few ranges, because only the blocks between reading and committing differ.',
      params: JOB_PARAMS,
      success: [{ status: 200, description: 'The blocks.', content: { 'application/json': JOB_BLOCKS } }],
      problems: JOB_PROBLEMS,
    },
    async ({ c, params }) => {
      const job = await deps.jobs.mustGet(params.id);
      return c.json(blocksToWire(job, await deps.blockMap(params.id)));
    },
  );
}
