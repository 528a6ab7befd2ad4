/** Submits a job: settles its model, input, output and options, and has it accepted. */
import { randomBytes } from 'node:crypto';
import { listedLike } from '../../../shared/datasets/files/listing-rule.ts';
import { autoBatchSize, autoBlockRows } from '../../../shared/domain/auto-batch.ts';
import { newJobId } from '../../../shared/domain/job-id.ts';
import { SPEC_VERSION, type JobOptions, type JobRecord, type JobSpec } from '../../../shared/domain/job.ts';
import type { ModelConfig, ModelRef } from '../../../shared/domain/model-config.ts';
import { ForebayError } from '../../../shared/errors.ts';
import type { RequestClaim, RequestKey } from '../../../shared/queue/job-creation.ts';
import type { JobStore } from '../../../shared/queue/job-store.ts';
import { describeInput } from './describe-input.ts';
import { checkOutput } from '../output/check-output.ts';
import type { OutputResolver } from '../output/resolve-output.ts';
import type { InputResolver } from './resolve-input.ts';
import { checkRowLimit } from './row-limit.ts';
import type { Submitter, AcceptJob } from './accept-job.ts';
import type { SubmitRequest } from '../../http/wire/submit-request.ts';

export interface Submitted {
  readonly job: JobRecord;
  /** The same request was accepted before under the same Idempotency-Key. */
  readonly replayed: boolean;
}

/** `batchSize`: as live workers run the model. Null where none does. */
export type FindModel = (
  name: string,
) => Promise<{ ref: ModelRef; config: ModelConfig | null; batchSize: number | null }>;

export interface SubmitDeps {
  jobs: Pick<JobStore, 'claimOf' | 'get'>;
  findModel: FindModel;
  input: Pick<InputResolver, 'resolve'>;
  output: OutputResolver;
  accept: AcceptJob;
  /** Limit per job. Null: no limit. */
  maxRows: number | null;
}

/** For a model whose config only a worker has. */
const FALLBACK = { batchSize: 4, topK: 5 };

export function createSubmitJob(deps: SubmitDeps) {
  const { jobs, input, output } = deps;

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
      // The same request may have been accepted in the meantime, and may be why this one was refused.
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
    // A process of an earlier version claims a key before it makes the job.
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
    const model = await deps.findModel(request.model);
    const folder = await output.resolve(request.output, id, tenant);
    const taken = await deps.accept({ id, folder, by, requestKey }, async () => {
      const ifExists = request.options.if_output_exists;
      const earlier = await checkOutput(folder, ifExists);
      const options = settleOptions(request, model, earlier);
      if (earlier) {
        refuseRetried(earlier);
        checkResume(earlier, model, options);
      }
      const dataset = await input.resolve(request.input, id, tenant);
      const rows = dataset.total === null ? null : Math.min(dataset.total, request.options.limit ?? Infinity);
      if (rows !== null) checkRowLimit(rows, deps.maxRows);
      const { webhook } = request;
      const spec: JobSpec = {
        v: SPEC_VERSION,
        id,
        tenant,
        model: model.ref,
        dataset: earlier === null ? dataset.spec : listedLike(dataset.spec, earlier.dataset),
        output: folder,
        options,
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
      return { spec, total: rows, webhookSecret: webhook?.secret ?? null };
    });
    if ('job' in taken) return { job: taken.job, replayed: false };
    return replay(taken.repeated, requestKey!);
  }
}

/** The job whose parts a new job continues, as its feeder must find it in the output. */
export function continuedJob(earlier: JobSpec): { job: string; model_hash: string } {
  return { job: earlier.id, model_hash: earlier.model.hash };
}

/** Block boundaries are fixed here. A resumed job keeps those of the parts that it adopts. */
export function settleOptions(
  request: SubmitRequest,
  { config, batchSize }: { config: ModelConfig | null; batchSize: number | null },
  earlier: JobSpec | null,
): JobOptions {
  const { if_output_exists: _, ...options } = request.options;
  // The batch size that workers use is known from the graph or measured. The formula only guesses.
  const auto = batchSize ?? (config ? autoBatchSize(config) : FALLBACK.batchSize);
  const batch = options.batch_size ?? auto;
  return {
    ...options,
    block_rows: earlier?.options.block_rows ?? options.block_rows ?? autoBlockRows(batch, config),
    top_k: options.top_k ?? config?.top_k ?? FALLBACK.topK,
  };
}

/** After a retry's parts, no rows of the first dataset can follow. Throws ForebayError `resume_mismatch`. */
function refuseRetried(earlier: JobSpec): void {
  if (earlier.retry_of === null) return;
  throw new ForebayError(
    'resume_mismatch',
    `The output holds a retry (job ${earlier.id}) of a job that was whole. To finish the retry, resume it from the output alone ` +
      '(POST /v1/jobs/resume with the output). For other rows choose another output.',
  );
}

/** Throws ForebayError `resume_mismatch` where rows of both jobs would not fit together. */
export function checkResume(
  earlier: JobSpec,
  { ref: model, config }: { ref: ModelRef; config: ModelConfig | null },
  options: JobOptions,
): void {
  const differences: string[] = [];
  if (earlier.model.hash !== model.hash) {
    differences.push(
      `model ${earlier.model.name} (${earlier.model.hash.slice(0, 12)}) then, ${model.name} (${model.hash.slice(0, 12)}) now`,
    );
  }
  if (earlier.options.top_k !== options.top_k) {
    differences.push(`top_k ${earlier.options.top_k} then, ${options.top_k} now`);
  }
  const decodeOf = ({ decode }: JobOptions) => decode ?? config?.preprocess.decode ?? "the model's";
  if (decodeOf(earlier.options) !== decodeOf(options)) {
    differences.push(`decode ${decodeOf(earlier.options)} then, ${decodeOf(options)} now`);
  }
  if (options.limit !== null && options.limit < (earlier.options.limit ?? Infinity)) {
    differences.push(`limit ${earlier.options.limit ?? 'none'} then, ${options.limit} now`);
  }
  if (differences.length === 0) return;
  throw new ForebayError(
    'resume_mismatch',
    `The output was begun with other settings, so its rows would not fit together: ${differences.join('; ')}. ` +
      'Use the same settings, or another output.',
  );
}

/** The block that an earlier, smaller `limit` cut short. It is the only one that now has other rows. */
function cutBlock(earlier: JobOptions, now: JobOptions): number | null {
  const { limit, block_rows } = earlier;
  if (limit === null || limit === now.limit || limit % block_rows === 0) return null;
  return Math.floor(limit / block_rows);
}
