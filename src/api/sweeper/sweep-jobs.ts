/**
 * Sweeps jobs that have ended. Removes ids whose record has expired, and temporary files that killed processes left in
 * output folders. Sets the expiry of records whose process died before it could.
 */
import { isTerminal } from '../../shared/domain/job/job-state.ts';
import { jobIdTime } from '../../shared/domain/job/job-id.ts';
import type { JobStore } from '../../shared/queue/jobs/job-store.ts';
import { isNewerVersion } from '../../shared/queue/jobs/job-specs.ts';
import type { Leftovers, JobPresence } from '../../shared/queue/jobs/leftovers.ts';
import type { Outputs } from '../../shared/storage/output.ts';
import type { Chore } from './sweeper.ts';

/** Jobs per step. */
const PAGE = 50;
/** Maximum number of remembered jobs whose folders hold no leftovers. */
const MOST_REMEMBERED = 10_000;

export function sweepJobs(deps: {
  leftovers: Pick<Leftovers, 'listed' | 'presences'>;
  jobs: Pick<JobStore, 'forget' | 'get' | 'outputHolder' | 'retire'>;
  outputs: Outputs;
  /** Anything younger than this is left alone, because a process may be working on it. */
  graceMs: number;
}): Chore {
  const { leftovers, jobs, graceMs } = deps;
  let after: string | null = null;
  const swept = new Set<string>();

  async function sweepFiles(id: string): Promise<number> {
    if (swept.has(id)) return 0;
    const record = await jobs.get(id);
    const before = Date.now() - graceMs;
    if (!record || !isTerminal(record.status) || (record.finishedAt ?? 0) > before) return 0;
    const { output } = record.spec;
    // Another job may have continued in the folder.
    if ((await jobs.outputHolder(output)) !== null) return 0;
    const { removed, finished } = await deps.outputs.of(output).sweep(id, before);
    if (finished) {
      if (swept.size >= MOST_REMEMBERED) swept.clear();
      swept.add(id);
    }
    return removed;
  }

  async function sweepOne(id: string, job: JobPresence): Promise<'job_ids' | 'jobs_retired' | number> {
    if (job.active || Date.now() - jobIdTime(id) < graceMs) return 0;
    if (!job.exists) {
      await jobs.forget(id);
      return 'job_ids';
    }
    if (!job.expires) {
      await jobs.retire(id);
      return 'jobs_retired';
    }
    return job.over ? sweepFiles(id) : 0;
  }

  return async (failed) => {
    const ids = await leftovers.listed(after, PAGE);
    after = ids.length < PAGE ? null : ids.at(-1)!;
    const sums = { job_ids: 0, jobs_retired: 0, files: 0 };
    for (const [id, job] of await leftovers.presences(ids)) {
      try {
        const done = await sweepOne(id, job);
        if (typeof done === 'number') sums.files += done;
        else sums[done] += 1;
      } catch (error) {
        // Jobs of a newer version are left to that version.
        if (!isNewerVersion(error)) failed(error, id);
      }
    }
    return sums;
  };
}
