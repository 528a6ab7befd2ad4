/** Sweeps pipelines that jobs gave in their requests: removes those that no active job needs. */
import { nullIfNewer } from '../../shared/queue/jobs/job-specs.ts';
import type { JobStore } from '../../shared/queue/jobs/job-store.ts';
import { blockQueueName } from '../../shared/queue/keys.ts';
import type { InlinePipelines } from '../../shared/queue/workers/inline-pipelines.ts';
import type { Chore } from './sweeper.ts';

/** `graceMs`: a younger pipeline is left alone, because its job may not be created yet. */
export function sweepPipelines(deps: {
  pipelines: InlinePipelines;
  jobs: Pick<JobStore, 'activeIds' | 'get'>;
  graceMs: number;
}): Chore {
  const { pipelines, jobs, graceMs } = deps;
  return async () => {
    const stored = await pipelines.all();
    if (stored.length === 0) return { pipelines: 0 };
    const now = await pipelines.now();
    const old = stored.filter(({ at }) => now - at >= graceMs);
    if (old.length === 0) return { pipelines: 0 };
    const needed = new Set<string>();
    for (const id of await jobs.activeIds()) {
      const job = await jobs.get(id).catch(nullIfNewer);
      // A job of a newer version may need any of them.
      if (job === null) return { pipelines: 0 };
      needed.add(blockQueueName(job.spec.model));
    }
    const unneeded = old.filter(({ queue }) => !needed.has(queue)).map(({ queue }) => queue);
    await pipelines.remove(unneeded);
    return { pipelines: unneeded.length };
  };
}
