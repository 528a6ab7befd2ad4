/**
 * Creates a job that runs the failed rows of an ended job again, into the same output. Its parts follow the existing
 * ones (ADR 7). If those have become files, its parts become further files (ADR 36). It needs job.json and
 * manifest.json of the output and, for inline rows, the spool.
 */
import { randomBytes } from 'node:crypto';
import { givenOf } from '../../../shared/domain/dataset-spec.ts';
import { addsFiles } from '../../../shared/domain/job/compaction.ts';
import { newJobId } from '../../../shared/domain/job/job-id.ts';
import { isTerminal } from '../../../shared/domain/job/job-state.ts';
import { firstPart, type JobRecord, type JobSpec } from '../../../shared/domain/job/job.ts';
import { DELTA_INSTEAD } from '../../../shared/error-guide/partition-advice.ts';
import { ForebayError } from '../../../shared/errors.ts';
import type { JobStore } from '../../../shared/queue/jobs/job-store.ts';
import type { Output } from '../../../shared/storage/output.ts';
import { readManifest } from '../../../shared/storage/read-manifest.ts';
import { outputJobs, type OutputJob } from '../../../shared/storage/output-jobs.ts';
import { nextFile } from '../output/next-file.ts';
import { readOutputSpec } from '../output/check-output.ts';
import { checkResume, continuedJob } from '../output/continued-job.ts';
import {
  acceptContinuation,
  type ContinuationDeps,
  type PreparedContinuation,
} from './accept-continuation.ts';
import type { Submitter } from './accept-job.ts';
import { FILES_OF_SEVERAL } from './spec-version.ts';

export function createRetryJob(deps: ContinuationDeps & { jobs: Pick<JobStore, 'mustGet'> }) {
  const { input, output } = deps;

  /**
   * `id`: the job to retry. Rejects with ForebayError `job_not_found`, `invalid_state`, `input_not_found`, and those of
   * a submit.
   */
  return async function retryJob(id: string, by: Submitter): Promise<JobRecord> {
    const asked = await deps.jobs.mustGet(id);
    if (!isTerminal(asked.status)) {
      throw refusal(`Job ${id} is ${asked.status}. Its rows can be retried once it has ended.`);
    }
    const retry = newJobId(Date.now(), randomBytes(16));
    const found = await output.resolve(asked.spec.output, retry, asked.spec.tenant);
    // A retry by an administrator belongs to the job's tenant.
    const owner = { ...by, tenant: asked.spec.tenant };
    return acceptContinuation(deps, { id: retry, output: found, by: owner }, async () =>
      prepare(asked, retry, found),
    );
  };

  async function prepare(asked: JobRecord, retry: string, found: Output): Promise<PreparedContinuation> {
    const { id } = asked.spec;
    const folder = found.place;
    const last = await readOutputSpec(found);
    if (!last) throw refusal(`The output "${folder}" of job ${id} is gone.`);
    const { rows } = await lastJob(id, last, found);
    if (rows.failed === 0) throw refusal(`Job ${id} has no failed row left, so there is nothing to retry.`);
    const model = await deps.models.again(last);
    checkResume(last, model, last.options);
    const first = firstPart(last);
    const end = first + Math.ceil((rows.succeeded + rows.failed) / last.options.block_rows);
    const of = givenOf(last.dataset);
    const firstFile = await nextFile(found, last.id);
    const jobs = { from: last.id, to: retry, folder, tenant: asked.spec.tenant };
    const spec: JobSpec = {
      ...asked.spec,
      v: Math.max(2, last.v, firstFile === null ? 0 : FILES_OF_SEVERAL),
      id: retry,
      model: model.ref,
      pipeline: last.pipeline,
      dataset: await input.adopt({ type: 'failed', folder, first, end, of }, jobs),
      output: folder,
      table: last.table,
      asked_columns: last.asked_columns,
      delta: undefined,
      // If the output still has parts, so does the retry. `compact` would turn only the retry's parts into files.
      compact: last.compact && firstFile !== null ? { ...last.compact, first_file: firstFile } : undefined,
      // These rows are known to be bad, so the first job's error limit does not apply.
      options: { ...last.options, limit: null, max_errors: null },
      input: { ...last.input, failed_rows_of: id },
      resume: false,
      opening: { if_output_exists: 'resume', earlier: continuedJob(last), cut_part: null },
      retry_of: id,
      created_at: Date.now(),
    };
    await deps.models.offer(model);
    const webhookSecret = await deps.webhooks.secretOf(id);
    return { from: last.id, prepared: { spec, total: rows.failed, webhookSecret } };
  }
}

/**
 * Finds the job that last wrote the output, from the manifest. Throws if that job has unfinished rows, or if the
 * manifest does not list the requested job.
 */
async function lastJob(asked: string, last: JobSpec, output: Output): Promise<OutputJob> {
  const manifest = await readManifest(output);
  const jobs = manifest === null ? [] : outputJobs(manifest);
  const found = jobs.at(-1);
  // Only the errors files of a complete job name every failed row. Its parts never change again.
  if (found?.job !== last.id || found.rows.total !== found.rows.succeeded + found.rows.failed) {
    throw refusal(
      `The output "${output.place}" is incomplete, because job ${last.id} has unfinished rows. Finish them first ` +
        '(POST /v1/jobs/resume with the output, and another max_errors if that limit ended the job), ' +
        'then retry the job that finished them.' +
        (addsFiles(last)
          ? ` If job ${last.id} has ended with invalid_partition, a resume would end in the same way. ${DELTA_INSTEAD}`
          : ''),
    );
  }
  if (jobs.some((job) => job.job === asked)) return found;
  throw refusal(`The output of job ${asked} now belongs to job ${found.job}. Retry that one.`);
}

function refusal(message: string): ForebayError {
  return new ForebayError('invalid_state', message);
}
