/** A job: its spec, which is fixed at submit, and its record, which Redis keeps. */
import { z } from 'zod';
import type { ErrorCode } from '../../errors.ts';
import { DATASET_SPEC } from '../dataset-spec.ts';
import { JOB_OPTIONS } from './job-option-schemas.ts';
import type { MaxErrors } from '../option.ts';
import type { JobStatus } from './job-state.ts';
import type { Skipped } from '../skipped.ts';
import { DEFAULT_TENANT, TENANT } from '../tenant.ts';
import { ASKED_COLUMNS } from '../join.ts';
import type { CacheCounts } from './cache-counts.ts';
import { COMPACTION, type FilePlan } from './compaction.ts';
import { DELTA, type DeltaCounts } from './delta.ts';
import { PART_TABLE } from './part-format.ts';

/** Options that the job runs with. Null: automatic or unlimited. */
export type JobOptions = z.infer<typeof JOB_OPTIONS>;

/** The events of a job's webhook. `progress` is sent at intervals, the others once. */
export const WEBHOOK_EVENTS = ['completed', 'failed', 'cancelled', 'progress'] as const;
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];
export const JOB_WEBHOOK = z.object({ url: z.string(), events: z.array(z.enum(WEBHOOK_EVENTS)) });

export const IF_OUTPUT_EXISTS = ['refuse', 'resume', 'overwrite'] as const;
export type IfOutputExists = (typeof IF_OUTPUT_EXISTS)[number];

/** How a job takes over its output, before anything is published there. */
export const OPENING = z.object({
  if_output_exists: z.enum(IF_OUTPUT_EXISTS),
  /** The job whose parts this one continues, as determined at submit. Null: the output must hold no parts. */
  earlier: z.object({ job: z.string(), model_hash: z.string() }).nullable(),
  /** The part that an earlier, smaller `limit` cut short. It is computed again. */
  cut_part: z.int().min(0).nullable(),
});
export type Opening = z.infer<typeof OPENING>;

/**
 * The newest version of a job that this process runs. A job has the lowest version that has all it needs, so that older
 * processes can run it, too. They leave newer jobs alone. What each version added:
 *
 * - 2: The output is taken over under the job's lease, runs ask for permission to publish, and a folder has a `listing`
 *   rule. New jobs have at least this version. Jobs of version 1 can still be read.
 * - 3: Rows can be records, blocks can be slices, and a folder can list every file.
 * - 4: The files of a dataset can be on S3.
 * - 5: Parts can be CSV or Parquet. Rows can be members of archives. Tables can be CSV or Parquet, too, and their columns
 *   can feed fields of other names. The file that holds or lists the rows can be compressed, on S3 or on a web server.
 * - 6: The output can be on S3 and can hold columns of the input. A job can choose the columns of its results, and take
 *   results over from an earlier output. Tables can consist of several files, archives can be on S3 or on a web server,
 *   and manifests can have formats other than lines.
 * - 7: Inputs and outputs can be on Azure. A delta job can compare rows by content. Parts can be merged into larger
 *   files at the end. A request can define a pipeline.
 * - 8: A retry can add files to a compacted output. A delta job can read the files of several jobs.
 * - 9: Blocks can have more than 10,000 rows.
 * - 10: Globs can ignore letter case.
 * - 11: So can globs of the files of a table.
 * - 12: So can globs of archives.
 */
export const SPEC_VERSION = 12;

export const JOB_SPEC = z.object({
  v: z.int().min(1).max(SPEC_VERSION),
  id: z.string(),
  /** The job's tenant. Absent from a job.json that is older than tenants. */
  tenant: TENANT.default(DEFAULT_TENANT),
  model: z.object({ name: z.string(), hash: z.string(), pool: z.string() }),
  /** The pipeline that the request gave, as it would stand in model.json. Absent: the model has a folder. */
  pipeline: z.record(z.string(), z.unknown()).optional(),
  dataset: DATASET_SPEC,
  /** Absolute folder, or the URL of a prefix. */
  output: z.string(),
  /** How parts are written. Absent: as JSONL, with all fields of the results. */
  table: PART_TABLE.optional(),
  /** Absent: the parts stay as they are. */
  compact: COMPACTION.optional(),
  /** The columns that the request asked for. A resume must not ask for others. */
  asked_columns: ASKED_COLUMNS.optional(),
  options: JOB_OPTIONS,
  /** The earlier output from which results are taken over. Absent: none are. */
  delta: DELTA.optional(),
  /** The input as the user gave it, for display. Inline rows and URL lists are only counted. */
  input: z.record(z.string(), z.unknown()),
  /** Whether the job adopts the parts that an earlier job left in the output. */
  resume: z.boolean(),
  /** Null in a job of version 1, because the submit prepared the output. */
  opening: OPENING.nullable().default(null),
  /** The job whose failed rows this job runs again, into the same output. Then `dataset` has the type `failed`. */
  retry_of: z.string().nullable().default(null),
  /** Where to send events. Only Redis has the secret. */
  webhook: JOB_WEBHOOK.nullable().default(null),
  metadata: z.record(z.string(), z.string()),
  created_at: z.number(),
});
export type JobSpec = z.infer<typeof JOB_SPEC>;

/** The part number of the job's block 0. A retry's parts follow the existing ones. */
export function firstPart({ dataset }: Pick<JobSpec, 'dataset'>): number {
  return dataset.type === 'failed' ? dataset.end : 0;
}

/** Why a job waits or how it ended, if the status alone does not show it. */
export type JobReason =
  | 'queue_limit'
  | 'fair_share'
  | 'no_worker'
  | 'model_failed'
  | 'memory_watermark'
  | 'paused'
  | 'retrying'
  | 'storage_unavailable'
  | 'compacting'
  | 'empty_dataset';

export interface JobFailure {
  readonly code: ErrorCode;
  readonly message: string;
}

/** A job's state in Redis. Times are milliseconds since the epoch. */
export interface JobRecord {
  readonly spec: JobSpec;
  readonly status: JobStatus;
  /** Whether the job has taken over its output. */
  readonly opened: boolean;
  readonly reason: JobReason | null;
  /** The reason in words, such as the model's problem or the hashes that differ. */
  readonly reasonText: string | null;
  /** All rows. Null until counted. */
  readonly total: number | null;
  readonly succeeded: number;
  readonly failed: number;
  /**
   * The failed rows by error code, the most frequent first. Blocks that an older version commits are added when the job
   * ends.
   */
  readonly errorsByCode: Readonly<Record<string, number>>;
  /** Skipped entries of the dataset, as far as it was read. */
  readonly skipped: Skipped;
  /** Of the succeeded and failed rows, those in parts that an earlier job left in the output. */
  readonly adopted: number;
  /** Null: it is not a delta job. */
  readonly delta: DeltaCounts | null;
  /** Null: the job does not use the result cache. */
  readonly cache: CacheCounts | null;
  readonly blocks: { readonly queued: number; readonly running: number; readonly done: number };
  /** Over the last few seconds, or over the whole job after it has ended. Adopted rows do not count. */
  readonly rowsPerS: number | null;
  readonly startedAt: number | null;
  /** Time of the latest commit. */
  readonly committedAt: number | null;
  readonly finishedAt: number | null;
  readonly error: JobFailure | null;
  /** How the parts become files. Null: this has not begun, or the parts stay. */
  readonly filePlan: FilePlan | null;
  /** How often a block came off the queue without a commit. */
  readonly left: number;
}

/** Whether a number of failed rows exceeds `max_errors`. */
export function breaksMaxErrors(limit: MaxErrors | null, failed: number, finished: number): boolean {
  if (limit === null) return false;
  if (typeof limit === 'number') return failed > limit;
  return finished >= SHARE_JUDGED_AFTER && failed / finished > Number.parseFloat(limit) / 100;
}

/** A percentage applies only from this many finished rows, because one bad row of ten is already 10 %. */
const SHARE_JUDGED_AFTER = 100;
