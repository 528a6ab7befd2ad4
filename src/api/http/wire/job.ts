/** A job as clients see it. */
import { z } from 'zod';
import { SHOWN_OPTIONS } from '../../../shared/tasks/requested-option-schemas.ts';
import { joinOf } from '../../../shared/domain/dataset-spec.ts';
import type { JobRecord } from '../../../shared/domain/job/job.ts';
import { SKIPPED } from '../../../shared/domain/skipped.ts';
import { JOB_STATUSES } from '../../../shared/domain/job/job-state.ts';
import { DELTA_REPORT, deltaToWire } from './delta.ts';
import { JOB_WEBHOOK_WIRE } from './webhook.ts';
import { PART_FORMAT } from './output.ts';
import { FAILURE_OR_NULL, iso, JOB_ID, METADATA, rounded, TIMESTAMP } from './scalars.ts';

export const ROW_COUNTS = z
  .object({
    total: z
      .int()
      .nullable()
      .meta({ description: 'All rows of the job. Null until the dataset is counted.' }),
    succeeded: z.int(),
    failed: z.int(),
    adopted: z.int().meta({
      description:
        'Finished rows that an earlier job left in the output. A resumed job does not run them again.',
    }),
  })
  .meta({ id: 'RowCounts', description: 'Rows of a job, counted when their block is committed.' });

export const BLOCK_COUNTS = z
  .object({
    queued: z.int().meta({ description: 'Waiting on the queue.' }),
    running: z.int().meta({ description: 'Running on a worker.' }),
    done: z.int().meta({ description: 'Committed.' }),
  })
  .meta({ id: 'BlockCounts', description: 'Blocks of a job.' });

export const THROUGHPUT = z
  .object({
    rows_per_s: z.number().nullable().meta({
      description:
        'Rows per second over the last few seconds. After the job has ended: over the whole job. Adopted rows do not count.',
    }),
  })
  .meta({ id: 'Throughput' });

export const ETA_S = z
  .number()
  .nullable()
  .meta({ description: 'Seconds until the last row at the current rate. Null if unknown.' });

export const CACHE_REPORT = z
  .object({
    hits: z.int().meta({
      description: 'Rows whose results come from the cache, or from an equal row of the same block.',
    }),
    misses: z.int().meta({ description: 'Rows that were looked up and computed.' }),
  })
  .meta({
    id: 'CacheReport',
    description: 'Rows of a job that uses the result cache, counted when their block is committed.',
  });

export const JOB_STATUS = z.enum(JOB_STATUSES).meta({
  id: 'JobStatus',
  description:
    'queued > running > finalizing > completed | failed. A job can also be paused, or cancelling and then cancelled.',
});

export const JOB = z
  .object({
    id: JOB_ID,
    object: z.literal('job'),
    status: JOB_STATUS,
    reason: z.string().nullable().meta({
      description:
        'Why the job waits or how it ended, if the status does not say so: queue_limit, fair_share, no_worker, model_failed, memory_watermark, paused, retrying, storage_unavailable, compacting, empty_dataset.',
    }),
    reason_text: z.string().nullable().meta({
      description: "The reason in words, such as the model's problem or the hashes that differ.",
    }),
    model: z.string().meta({ description: 'Name of the model.' }),
    model_hash: z.string().meta({
      description: 'SHA-256 over config, graph, external data, and the files that the config names.',
    }),
    rows: ROW_COUNTS,
    skipped: SKIPPED.meta({
      id: 'Skipped',
      description:
        'Entries of the folder that were left out so far, by reason: not_images (by their names), links_outside, broken_links, link_cycles, private_folders, special_files, hidden. Files that include and exclude leave out are not counted.',
    }),
    blocks: BLOCK_COUNTS,
    throughput: THROUGHPUT,
    eta_s: ETA_S,
    created_at: TIMESTAMP,
    started_at: TIMESTAMP.nullable().meta({ description: 'When the first row was read.' }),
    finished_at: TIMESTAMP.nullable(),
    input: z.record(z.string(), z.unknown()).meta({
      description: 'The input as given. Inline rows and URL lists are only counted.',
    }),
    options: SHOWN_OPTIONS.meta({
      id: 'JobOptions',
      description: 'The options that the job runs with. Null: automatic or unlimited.',
    }),
    output: z.string().meta({
      description: 'Folder with job.json, part-*.<format>, errors-*.jsonl, manifest.json and _SUCCESS.',
    }),
    output_format: PART_FORMAT.meta({ description: 'Format of the parts.' }),
    output_join: z
      .array(
        z.object({
          column: z.string().meta({ description: 'Its name in the input.' }),
          name: z.string().meta({ description: 'Its name in the output.' }),
        }),
      )
      .nullable()
      .meta({ description: 'Columns of the input that the output has. Null: none.' }),
    output_select: z
      .array(z.string())
      .nullable()
      .meta({ description: 'The columns that the request has chosen. Null: all.' }),
    output_compact: z
      .object({
        files: z.int().optional(),
        file_mb: z.int().optional(),
        partition_by: z.string().nullable(),
      })
      .nullable()
      .meta({
        description:
          'How the parts become files at the end: their number or size, and the column whose values name folders. Null: they stay parts.',
      }),
    error: FAILURE_OR_NULL.meta({ description: 'Why the job failed.' }),
    retry_of: z
      .string()
      .nullable()
      .meta({ description: 'The job whose failed rows this job runs again, into the same output.' }),
    delta: z
      .union([DELTA_REPORT, z.null()])
      .meta({ description: 'Null: the job takes nothing over from an earlier output.' }),
    cache: CACHE_REPORT.nullable().meta({
      description: 'What the result cache has done. Null: the job does not use it.',
    }),
    webhook: JOB_WEBHOOK_WIRE.meta({ description: 'Where the job sends its events.' }),
    metadata: METADATA,
    tenant: z.string().meta({ description: 'The tenant of the key that submitted the job.' }),
  })
  .meta({
    id: 'Job',
    description: 'A dataset, a model and options, and the progress of the work.',
    examples: [
      {
        id: 'job_01KAMK6X5V8E3M7Q9T2R4W6Y8Z',
        object: 'job',
        status: 'running',
        reason: null,
        reason_text: null,
        model: 'digits-small',
        model_hash: '5b0c...',
        rows: { total: 5000, succeeded: 1216, failed: 0, adopted: 0 },
        skipped: { not_images: { count: 1, first: ['notes.txt'] } },
        blocks: { queued: 12, running: 4, done: 19 },
        throughput: { rows_per_s: 812.5 },
        eta_s: 4.7,
        created_at: '2026-11-22T10:15:30.000Z',
        started_at: '2026-11-22T10:15:30.120Z',
        finished_at: null,
        input: { type: 'files', path: '/data/digits' },
        options: {
          batch_size: null,
          block_rows: 64,
          concurrency: null,
          max_errors: '1%',
          priority: 50,
          top_k: 5,
          decode: null,
          limit: null,
        },
        output: '/data/.forebay/results/job_01KAMK6X5V8E3M7Q9T2R4W6Y8Z',
        output_format: 'jsonl',
        output_join: null,
        output_select: null,
        output_compact: null,
        error: null,
        retry_of: null,
        delta: null,
        cache: null,
        webhook: null,
        metadata: { team: 'search' },
        tenant: 'default',
      },
    ],
  });

export type JobWire = z.infer<typeof JOB>;

export function jobToWire(record: JobRecord): JobWire {
  const { spec } = record;
  return {
    id: spec.id,
    object: 'job',
    status: record.status,
    reason: record.reason,
    reason_text: record.reasonText,
    model: spec.model.name,
    model_hash: spec.model.hash,
    ...progressToWire(record, record),
    skipped: record.skipped,
    created_at: iso(spec.created_at),
    started_at: iso(record.startedAt),
    finished_at: iso(record.finishedAt),
    input: spec.input,
    options: spec.options,
    output: spec.output,
    output_format: spec.table?.format ?? 'jsonl',
    output_join: joinOf(spec.dataset)?.map((column) => ({ ...column })) ?? null,
    output_select: spec.asked_columns?.select ?? null,
    output_compact: spec.compact
      ? { ...spec.compact.size, partition_by: spec.compact.partition_by?.name ?? null }
      : null,
    error: record.error,
    retry_of: spec.retry_of,
    delta: deltaToWire(record),
    cache: record.cache,
    webhook: spec.webhook,
    metadata: spec.metadata,
    tenant: spec.tenant,
  };
}

/** The part of a job that changes while it runs. `at`: the counters to show, which may be older than the record. */
export function progressToWire(
  record: JobRecord,
  at: { readonly succeeded: number; readonly failed: number },
): Pick<JobWire, 'rows' | 'blocks' | 'throughput' | 'eta_s'> {
  return {
    rows: { total: record.total, succeeded: at.succeeded, failed: at.failed, adopted: record.adopted },
    blocks: { ...record.blocks },
    throughput: { rows_per_s: rounded(record.rowsPerS, 2) },
    eta_s: etaS(record, at.succeeded + at.failed),
  };
}

function etaS(record: JobRecord, finished: number): number | null {
  if (record.status === 'finalizing') return 0;
  if (record.status !== 'running' || record.total === null || !record.rowsPerS) return null;
  return rounded(Math.max(0, record.total - finished) / record.rowsPerS, 1);
}
