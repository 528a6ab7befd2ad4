/**
 * Ends a job. Writes its manifest and makes the final transition. Safe to repeat, because another process takes over if
 * this one dies halfway.
 */
import type { IdJoinOptions } from '../../../shared/delta/id-join.ts';
import { addsFiles } from '../../../shared/domain/job/compaction.ts';
import type { JobRecord } from '../../../shared/domain/job/job.ts';
import { ForebayError } from '../../../shared/errors.ts';
import type { JobStore } from '../../../shared/queue/jobs/job-store.ts';
import { LeaseLost } from '../../../shared/queue/jobs/lease.ts';
import { SUCCESS_NAME } from '../../../shared/storage/output-names.ts';
import type { Outputs } from '../../../shared/storage/output.ts';
import { compactedBy, readManifest } from '../../../shared/storage/read-manifest.ts';
import type { InputResolver } from '../../jobs/create/resolve-input.ts';
import { endOf } from './manifest-members.ts';
import { createManifestWriter, ownerOf, type Described, type ManifestSources } from './write-manifest.ts';

export function createFinaliser(deps: {
  jobs: ManifestSources['jobs'] & Pick<JobStore, 'noteStored' | 'releaseOutput' | 'retire' | 'transition'>;
  window: ManifestSources['window'];
  workers: ManifestSources['workers'];
  spool: Pick<InputResolver, 'discard' | 'spooledBytes'>;
  outputs: Outputs;
  sort?: IdJoinOptions;
}) {
  const { jobs, spool } = deps;
  const writeManifest = createManifestWriter(deps);

  /** Does not touch an output that the job never opened or no longer owns, except for restoreSuccess. */
  async function describe(record: JobRecord, lease: string): Promise<Described> {
    if (!record.opened) {
      await restoreSuccess(deps, record, lease);
      return { ended: record, bytes: 0 };
    }
    try {
      return await writeManifest(record, lease);
    } catch (error) {
      if (!(error instanceof ForebayError) || error.code !== 'output_changed') throw error;
      const failure = record.error ?? { code: error.code, message: error.message };
      return { ended: { ...record, error: failure }, bytes: 0 };
    }
  }

  /**
   * `record`: the record of a job in state `finalizing` or `cancelling` whose window is empty. `lease`: the lease of
   * the calling feeder. Throws LeaseLost.
   */
  return async function finalise({ spec }: JobRecord, lease: string): Promise<void> {
    // The caller's record may be older than the commits that emptied the window.
    const record = await jobs.mustGet(spec.id);
    const { ended, bytes } = await describe(record, lease);
    const status = endOf(ended);
    // Rows that came with the request are needed for a resume or retry. Later the sweeper removes them.
    if (status === 'completed' && ended.failed === 0) await spool.discard(spec.id, spec.tenant);
    const spooled = await spool.spooledBytes(spec.id, spec.tenant);
    await jobs.noteStored(spec.tenant, spec.id, bytes + spooled);
    if (!(await deps.window.holdsLease(spec.id, lease))) throw new LeaseLost(spec.id);
    await deps.outputs.of(spec.output).removeStaging(spec.id);
    const empty = status === 'completed' && ended.succeeded + ended.failed === 0;
    // The feeder has already stored why the dataset is empty.
    const why = empty ? { reason: 'empty_dataset', reasonText: ended.reasonText } : { reason: null };
    const left = await jobs.transition(spec.id, status, { ...why, error: ended.error, lease });
    if (left === null) throw new LeaseLost(spec.id);
    await jobs.releaseOutput(spec.output, spec.id);
    await jobs.retire(spec.id);
  };
}

/**
 * The first step of opening an output removes _SUCCESS. If a process died after that, the earlier jobs' files are still
 * complete. Only a retry that adds files leaves them as they are.
 */
async function restoreSuccess(
  { outputs, window }: Pick<ManifestSources, 'outputs' | 'window'>,
  { spec }: JobRecord,
  lease: string,
): Promise<void> {
  if (!addsFiles(spec)) return;
  const output = outputs.of(spec.output);
  const isWhole = compactedBy(await readManifest(output)) === spec.opening?.earlier?.job;
  if (!isWhole || (await output.names()).includes(SUCCESS_NAME)) return;
  await output.asOwner(ownerOf(window, spec.id, lease), async (files) =>
    files.replace(SUCCESS_NAME, async () => {}),
  );
}
