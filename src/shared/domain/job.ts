/** A job: what was asked for (its spec, fixed at submit) and where it stands (its record, kept in Redis). */
import { z } from 'zod';
import type { ErrorCode } from '../errors.ts';
import { DATASET_SPEC } from './dataset-spec.ts';
import { JOB_OPTIONS } from './job-option-schemas.ts';
import type { MaxErrors } from './job-options.ts';
import type { JobStatus } from './job-state.ts';
import type { Skipped } from './skipped.ts';
import { DEFAULT_TENANT, TENANT } from './tenant.ts';

/** Options as the job runs with them. Null: automatic or unlimited. */
export type JobOptions = z.infer<typeof JOB_OPTIONS>;

/** What a job's webhook can tell; `progress` now and then, the others once. */
export const WEBHOOK_EVENTS = ['completed', 'failed', 'cancelled', 'progress'] as const;
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];
export const JOB_WEBHOOK = z.object({ url: z.string(), events: z.array(z.enum(WEBHOOK_EVENTS)) });

export const IF_OUTPUT_EXISTS = ['refuse', 'resume', 'overwrite'] as const;
export type IfOutputExists = (typeof IF_OUTPUT_EXISTS)[number];

/** How a job's feeder takes the output over, before anything is published there. */
export const OPENING = z.object({
  if_output_exists: z.enum(IF_OUTPUT_EXISTS),
  /** The job whose parts this one goes on with, as its submit found it; null: the output must hold none. */
  earlier: z.object({ job: z.string(), model_hash: z.string() }).nullable(),
  /** The part that an earlier, smaller `limit` cut short: it is computed again. */
  cut_part: z.int().min(0).nullable(),
});
export type Opening = z.infer<typeof OPENING>;

/**
 * 2: the feeder opens the output, runs ask before they publish, and a folder has a `listing` rule. Processes that know
 * only 1 would do none of it, so they leave such jobs alone. Version 1 is read as well.
 */
export const SPEC_VERSION = 2;

export const JOB_SPEC = z.object({
  v: z.int().min(1).max(SPEC_VERSION),
  id: z.string(),
  /** Whose job it is. Absent from a job.json written before there were tenants. */
  tenant: TENANT.default(DEFAULT_TENANT),
  model: z.object({ name: z.string(), hash: z.string(), pool: z.string() }),
  dataset: DATASET_SPEC,
  /** Absolute folder. */
  output: z.string(),
  options: JOB_OPTIONS,
  /** The input as the user gave it, for display; inline rows and URL lists only counted. */
  input: z.record(z.string(), z.unknown()),
  /** Adopt the parts that an earlier job left in the output. */
  resume: z.boolean(),
  /** Null in a job of version 1, whose submit made the output ready. */
  opening: OPENING.nullable().default(null),
  /** The job whose failed rows this one runs again, into the same output; then `dataset` is of type `failed`. */
  retry_of: z.string().nullable().default(null),
  /** Whom to tell how the job goes. Its secret is in Redis only. */
  webhook: JOB_WEBHOOK.nullable().default(null),
  metadata: z.record(z.string(), z.string()),
  created_at: z.number(),
});
export type JobSpec = z.infer<typeof JOB_SPEC>;

/** Number of the part that the job's block 0 becomes: a retry's parts go on behind those that are there. */
export function firstPart({ dataset }: Pick<JobSpec, 'dataset'>): number {
  return dataset.type === 'failed' ? dataset.end : 0;
}

/** Why a job waits or how it ended, where the status alone does not say it. */
export type JobReason =
  | 'queue_limit'
  | 'no_worker'
  | 'model_failed'
  | 'memory_watermark'
  | 'paused'
  | 'retrying'
  | 'storage_unavailable'
  | 'empty_dataset';

export interface JobFailure {
  readonly code: ErrorCode;
  readonly message: string;
}

/** A job's state in Redis. Times are milliseconds since the epoch. */
export interface JobRecord {
  readonly spec: JobSpec;
  readonly status: JobStatus;
  /** The output is the job's: its feeder has opened it. */
  readonly opened: boolean;
  readonly reason: JobReason | null;
  /** More about it, in words: the model's problem, the hashes that differ. */
  readonly reasonText: string | null;
  /** Rows in all; null until counted. */
  readonly total: number | null;
  readonly succeeded: number;
  readonly failed: number;
  /** Entries of the dataset that are no rows, as far as it was read. */
  readonly skipped: Skipped;
  /** Of both: rows of parts that an earlier job left in the output. */
  readonly adopted: number;
  readonly blocks: { readonly queued: number; readonly running: number; readonly done: number };
  /** Rows per second, adopted ones not counted: over the last seconds; over the whole job once it has ended. */
  readonly rowsPerS: number | null;
  readonly startedAt: number | null;
  /** Time of the latest commit. */
  readonly committedAt: number | null;
  readonly finishedAt: number | null;
  readonly error: JobFailure | null;
  /** How often a block came off the queue without a commit. */
  readonly left: number;
}

/** Whether so many failed of so many finished rows break `max_errors`. */
export function breaksMaxErrors(limit: MaxErrors | null, failed: number, finished: number): boolean {
  if (limit === null) return false;
  if (typeof limit === 'number') return failed > limit;
  return finished >= SHARE_JUDGED_AFTER && failed / finished > Number.parseFloat(limit) / 100;
}

/** A share means little on the first rows: one bad row of ten is 10 %. */
const SHARE_JUDGED_AFTER = 100;
