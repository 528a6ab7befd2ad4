/** Takes a job on: model, input, output and options settled, written down, listed for feeding. No HTTP here. */
import { createHash, randomBytes } from 'node:crypto';
import { autoBatchSize, autoBlockRows } from '../shared/domain/auto-batch.ts';
import { jobIdTime, newJobId } from '../shared/domain/job-id.ts';
import { isTerminal } from '../shared/domain/job-state.ts';
import { SPEC_VERSION, type JobOptions, type JobRecord, type JobSpec } from '../shared/domain/job.ts';
import type { ModelContract, ModelRef } from '../shared/domain/model-contract.ts';
import { ForebayError } from '../shared/errors.ts';
import type { JobStore } from '../shared/queue/job-store.ts';
import type { Quotas } from './quotas.ts';
import type { OutputPreparer } from './prepare-output.ts';
import type { InputResolver } from './resolve-input.ts';
import type { JobInput } from './wire/job-input.ts';
import type { SubmitRequest } from './wire/submit-request.ts';

export interface Submitted {
  readonly job: JobRecord;
  /** The same request was accepted before under the same Idempotency-Key. */
  readonly replayed: boolean;
}

/** Who submits. */
export interface Submitter {
  readonly tenant: string;
  /** The tenant's quotas hold. */
  readonly limited: boolean;
}

export interface SubmitDeps {
  jobs: JobStore;
  /** `batchSize`: as live workers run it, null where none does. */
  findModel: (
    name: string,
  ) => Promise<{ ref: ModelRef; contract: ModelContract | null; batchSize: number | null }>;
  input: InputResolver;
  output: OutputPreparer;
  maxJobs: number;
  /** Absent: no tenant has any. */
  quotas?: Quotas;
}

/** No submit takes longer from its claim to its record. */
const CLAIM_MS = 600_000;
/** Where a model's contract is not at hand (only a worker has it). */
const FALLBACK = { batchSize: 4, topK: 5 };

export function createSubmitJob(deps: SubmitDeps) {
  const { jobs, input, output } = deps;

  return async function submitJob(
    request: SubmitRequest,
    idempotencyKey: string | null,
    by: Submitter,
  ): Promise<Submitted> {
    const id = newJobId(Date.now(), randomBytes(16));
    if (idempotencyKey === null) return { job: await accept(id, request, by), replayed: false };

    const digest = createHash('sha256').update(JSON.stringify(request)).digest('hex');
    const key = { key: idempotencyKey, tenant: by.tenant };
    const claim = await jobs.claimIdempotencyKey(key, id, digest);
    if (claim.job !== id) return { job: await replay(claim, digest, idempotencyKey), replayed: true };
    try {
      const job = await accept(id, request, by);
      await jobs.keepIdempotencyKey(key);
      return { job, replayed: false };
    } catch (error) {
      await jobs.releaseIdempotencyKey(key);
      throw error;
    }
  };

  async function replay(
    claim: { job: string; digest: string },
    digest: string,
    key: string,
  ): Promise<JobRecord> {
    if (claim.digest !== digest) {
      throw new ForebayError(
        'idempotency_conflict',
        `Idempotency-Key "${key}" came with another request before. Use a new key for a new job.`,
      );
    }
    const job = await jobs.get(claim.job);
    if (job) return job;
    throw new ForebayError(
      'idempotency_conflict',
      `The request with Idempotency-Key "${key}" is still being accepted.`,
      {
        retryAfterS: 1,
      },
    );
  }

  async function claimOutput(folder: string, id: string): Promise<void> {
    const holder = await jobs.claimOutput(folder, id);
    if (holder === id) return;
    const other = await jobs.get(holder);
    // A submit that died between claim and record, or a job that died between its end and its release.
    const gone = other ? isTerminal(other.status) : Date.now() - jobIdTime(holder) > CLAIM_MS;
    if (gone && (await jobs.takeOutput(folder, holder, id))) return;
    throw new ForebayError(
      'output_in_use',
      `Job ${holder} is writing to "${folder}". Choose another output, or wait for it or cancel it.`,
    );
  }

  async function accept(
    id: string,
    request: SubmitRequest,
    { tenant, limited }: Submitter,
  ): Promise<JobRecord> {
    const quotas = limited ? deps.quotas : undefined;
    await quotas?.checkBytes(tenant);
    const model = await deps.findModel(request.model);
    const folder = await output.place(request.output, id, tenant);
    await claimOutput(folder, id);
    try {
      await jobs.admit(id, deps.maxJobs, tenant, quotas?.jobs ?? null);
      const dataset = await input.resolve(request.input, id);
      const rows = dataset.total === null ? null : Math.min(dataset.total, request.options.limit ?? Infinity);
      await quotas?.checkRows(tenant, rows ?? 0);
      const earlier = await output.open(folder, request.options.if_output_exists);
      const options = settle(request, model, earlier);
      if (earlier) {
        checkResume(earlier, model, options);
        const cut = cutBlock(earlier.options, options);
        if (cut !== null) await output.dropBlock(folder, cut);
      }
      const spec: JobSpec = {
        v: SPEC_VERSION,
        id,
        tenant,
        model: model.ref,
        dataset: dataset.spec,
        output: folder,
        options,
        input: describeInput(request.input),
        resume: earlier !== null,
        metadata: { ...request.metadata },
        created_at: Date.now(),
      };
      await output.describe(spec);
      await jobs.create(spec, rows);
    } catch (error) {
      await jobs.forget(id);
      await input.discard(id);
      await jobs.releaseOutput(folder, id);
      throw error;
    }
    return jobs.mustGet(id);
  }
}

/** Block boundaries are fixed here; a resumed job keeps those that its parts were cut by. */
export function settle(
  request: SubmitRequest,
  { contract, batchSize }: { contract: ModelContract | null; batchSize: number | null },
  earlier: JobSpec | null,
): JobOptions {
  const { if_output_exists: _, ...options } = request.options;
  // What workers run it with (a graph's own batch, a measured one) is better known than what a formula guesses.
  const auto = batchSize ?? (contract ? autoBatchSize(contract) : FALLBACK.batchSize);
  const batch = options.batch_size ?? auto;
  return {
    ...options,
    block_rows: earlier?.options.block_rows ?? options.block_rows ?? autoBlockRows(batch),
    top_k: options.top_k ?? contract?.top_k ?? FALLBACK.topK,
  };
}

/** Throws `resume_mismatch`. */
export function checkResume(
  earlier: JobSpec,
  { ref: model, contract }: { ref: ModelRef; contract: ModelContract | null },
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
  const decodeOf = ({ decode }: JobOptions) => decode ?? contract?.preprocess.decode ?? "the model's";
  if (decodeOf(earlier.options) !== decodeOf(options)) {
    differences.push(`decode ${decodeOf(earlier.options)} then, ${decodeOf(options)} now`);
  }
  if (options.limit !== null && options.limit < (earlier.options.limit ?? Infinity)) {
    differences.push(`limit ${earlier.options.limit ?? 'none'} then, ${options.limit} now`);
  }
  if (differences.length === 0) return;
  throw new ForebayError(
    'resume_mismatch',
    `The output was begun with other settings, its rows would not fit together: ${differences.join('; ')}. ` +
      'Use the same, or another output.',
  );
}

/** The block that an earlier, smaller `limit` cut short: the only one whose rows now are others. */
function cutBlock(earlier: JobOptions, now: JobOptions): number | null {
  const { limit, block_rows } = earlier;
  if (limit === null || limit === now.limit || limit % block_rows === 0) return null;
  return Math.floor(limit / block_rows);
}

/** For display: payloads are only counted. */
function describeInput(input: JobInput): Record<string, unknown> {
  switch (input.type) {
    case 'urls':
      return { type: 'urls', count: input.urls.length };
    case 'inline':
      return { type: 'inline', count: input.rows.length };
    case 'files':
    case 'manifest':
      return { ...input };
  }
}
