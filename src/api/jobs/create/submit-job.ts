/** Submits a job. Settles its model, input, output and options, and has it accepted. */
import { randomBytes } from 'node:crypto';
import { withListingOf } from '../../../shared/datasets/listing/listing-rule.ts';
import { newJobId } from '../../../shared/domain/job/job-id.ts';
import { specVersion } from './spec-version.ts';
import type { JobRecord, JobSpec } from '../../../shared/domain/job/job.ts';
import { rowFieldsOf, rowKindOf } from '../../../shared/tasks/task-descriptions.ts';
import { ForebayError } from '../../../shared/errors.ts';
import type { RequestClaim, RequestKey } from '../../../shared/queue/jobs/job-creation.ts';
import type { JobStore } from '../../../shared/queue/jobs/job-store.ts';
import { describeInput } from './describe-input.ts';
import type { AskedModels } from '../../models/asked-model.ts';
import { checkOutput } from '../output/check-output.ts';
import { checkSubmitResume, continuedJob, cutBlock } from '../output/continued-job.ts';
import type { OutputResolver } from '../output/resolve-output.ts';
import type { InputResolver } from './resolve-input.ts';
import { checkRowLimit } from './row-limit.ts';
import { createFormatSettler, type FormatDeps } from './columns/format-settler.ts';
import { createDeltaSettler } from './delta/delta-settler.ts';
import { settleOptions, withRowVersions } from './settle-options.ts';
import type { Submitter, AcceptJob } from './accept-job.ts';
import type { SubmitRequest } from '../../http/wire/submit-request.ts';

export interface Submitted {
  readonly job: JobRecord;
  /** The same request was accepted before under the same Idempotency-Key. */
  readonly replayed: boolean;
}

export interface SubmitDeps extends FormatDeps {
  jobs: Pick<JobStore, 'claimOf' | 'get'>;
  models: Pick<AskedModels, 'of' | 'offer'>;
  input: Pick<InputResolver, 'resolve'>;
  output: OutputResolver;
  accept: AcceptJob;
  /** Maximum number of rows of a job. Null: no limit. */
  maxRows: number | null;
}

export function createSubmitJob(deps: SubmitDeps) {
  const { jobs, input, output } = deps;
  const settle = createFormatSettler(deps);
  const deltas = createDeltaSettler(deps);

  return async function submitJob(
    request: SubmitRequest,
    idempotencyKey: string | null,
    by: Submitter,
  ): Promise<Submitted> {
    if (idempotencyKey === null) return accept(request, by, null);
    const key = { key: idempotencyKey, tenant: by.tenant, digest: request.digest };
    const claim = await jobs.claimOf(key);
    if (claim) return replay(claim, key);
    try {
      return await accept(request, by, key);
    } catch (error) {
      // Another process may have accepted the same request in the meantime, which would explain why this one was refused.
      const since = await jobs.claimOf(key).catch(() => null);
      if (since) return replay(since, key);
      throw error;
    }
  };

  async function replay(claim: RequestClaim, { key, digest }: RequestKey): Promise<Submitted> {
    if (claim.digest !== digest) {
      throw new ForebayError(
        'idempotency_conflict',
        `Idempotency-Key "${key}" was used for another request before. Use a new key for a new job.`,
      );
    }
    const job = await jobs.get(claim.job);
    if (job) return { job, replayed: true };
    // Processes of earlier versions claim a key before they create the job.
    throw new ForebayError(
      'request_in_progress',
      `The request with Idempotency-Key "${key}" is still being accepted. Send it again in a second.`,
      { retryAfterS: 1 },
    );
  }

  async function accept(
    request: SubmitRequest,
    by: Submitter,
    requestKey: RequestKey | null,
  ): Promise<Submitted> {
    const { tenant } = by;
    const id = newJobId(Date.now(), randomBytes(16));
    const model = await deps.models.of(request);
    const place = await output.resolve(request.output, id, tenant);
    const accepted = await deps.accept({ id, output: place, by, requestKey }, async () => {
      const ifExists = request.options.if_output_exists;
      const earlier = await checkOutput(place, ifExists);
      const options = settleOptions(request, model, earlier);
      if (earlier) checkSubmitResume(earlier, model, options);
      const found = await input.resolve(request.input, id, {
        tenant,
        taskInput: rowKindOf(model.config),
        fields: rowFieldsOf(model.config, model.graphInputs),
      });
      const rows = found.total === null ? null : Math.min(found.total, request.options.limit ?? Infinity);
      if (rows !== null) checkRowLimit(rows, deps.maxRows);
      const { dataset, table, askedColumns, compact } = await settle(
        request,
        model.config,
        earlier,
        found.spec,
        tenant,
      );
      const delta = await deltas.settle(request.delta, earlier, {
        id,
        tenant,
        model,
        options,
        dataset,
        place: place.place,
      });
      const { webhook } = request;
      const spec: JobSpec = {
        v: specVersion({ ...found, spec: dataset }, request.input, table, place.place, {
          ...delta,
          compact: compact !== undefined,
          inline: model.inline !== undefined,
          blockRows: options.block_rows,
        }),
        id,
        tenant,
        model: model.ref,
        ...(model.inline && { pipeline: request.pipeline }),
        dataset: earlier === null ? dataset : withListingOf(dataset, earlier.dataset),
        output: place.place,
        ...(table && { table }),
        ...(compact && { compact }),
        ...(askedColumns && { asked_columns: askedColumns }),
        ...(delta && { delta: delta.delta }),
        options: withRowVersions(options, { dataset, delta: delta?.delta, input: rowKindOf(model.config) }),
        input: describeInput(request.input),
        resume: earlier !== null,
        opening: {
          if_output_exists: ifExists,
          earlier: earlier && continuedJob(earlier),
          cut_part: earlier && cutBlock(earlier.options, options),
        },
        retry_of: null,
        webhook: webhook ? { url: webhook.url, events: [...webhook.events] } : null,
        metadata: { ...request.metadata },
        created_at: Date.now(),
      };
      await deps.models.offer(model);
      return { spec, total: rows, webhookSecret: webhook?.secret ?? null };
    });
    if ('job' in accepted) return { job: accepted.job, replayed: false };
    return replay(accepted.repeated, requestKey!);
  }
}
