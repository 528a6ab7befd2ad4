/**
 * Ends a job: has its manifest written and makes the final transition. Safe to repeat, because another process takes
 * over where one dies here.
 */
import type { JobRecord } from '../../shared/domain/job.ts';
import { ForebayError } from '../../shared/errors.ts';
import type { JobStore } from '../../shared/queue/job-store.ts';
import { LeaseLost } from '../../shared/queue/lease.ts';
import { removeStaging } from '../../shared/storage/staging.ts';
import type { InputResolver } from '../jobs/create/resolve-input.ts';
import { endOf } from './manifest-members.ts';
import { createManifestWriter, type Described, type ManifestSources } from './write-manifest.ts';

export function createFinaliser(deps: {
  jobs: ManifestSources['jobs'] & Pick<JobStore, 'noteStored' | 'releaseOutput' | 'retire' | 'transition'>;
  window: ManifestSources['window'];
  workers: ManifestSources['workers'];
  spool: Pick<InputResolver, 'discard' | 'spooledBytes'>;
}) {
  const { jobs, spool } = deps;
  const writeManifest = createManifestWriter(deps);

  /** Leaves an output alone that the job never owned, or owns no longer. */
  async function describe(record: JobRecord, lease: string): Promise<Described> {
    if (!record.opened) return { ended: record, bytes: 0 };
    try {
      return await writeManifest(record, lease);
    } catch (error) {
      if (!(error instanceof ForebayError) || error.code !== 'output_changed') throw error;
      const failure = record.error ?? { code: error.code, message: error.message };
      return { ended: { ...record, error: failure }, bytes: 0 };
    }
  }

  /**
   * `record`: of a job in state `finalizing` or `cancelling` whose window is empty. `lease`: of the calling feeder. Throws
   * LeaseLost.
   */
  return async function finalise({ spec }: JobRecord, lease: string): Promise<void> {
    // Commits may have come since the caller's last check, and emptied the window.
    const record = await jobs.mustGet(spec.id);
    const { ended, bytes } = await describe(record, lease);
    const status = endOf(ended);
    // Rows of the request are needed while the job may be resumed or retried. After that the sweeper removes them.
    if (status === 'completed' && ended.failed === 0) await spool.discard(spec.id, spec.tenant);
    const spooled = await spool.spooledBytes(spec.id, spec.tenant);
    await jobs.noteStored(spec.tenant, spec.id, bytes + spooled);
    await removeStaging(spec.output, spec.id);
    const empty = status === 'completed' && ended.succeeded + ended.failed === 0;
    // The feeder has found out why.
    const why = empty ? { reason: 'empty_dataset', reasonText: ended.reasonText } : { reason: null };
    const left = await jobs.transition(spec.id, status, { ...why, error: ended.error, lease });
    if (left === null) throw new LeaseLost(spec.id);
    await jobs.releaseOutput(spec.output, spec.id);
    await jobs.retire(spec.id);
  };
}
