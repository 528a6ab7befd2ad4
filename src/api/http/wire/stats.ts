/** A job's statistics: how it spent its time, and why it waits. */
import { z } from 'zod';
import type { JobCosts } from '../../jobs/report/job-costs.ts';
import { JOB_REPORT } from './job-report.ts';
import { FAILURE_OR_NULL, rounded } from './scalars.ts';

export const JOB_STATS = z
  .object({
    ...JOB_REPORT.shape,
    rows: z.int().meta({ description: 'Rows in committed blocks.' }),
    errors_by_code: z.record(z.string(), z.int()).meta({
      description:
        'Failed rows in committed blocks by error code, the most frequent first. Blocks that workers of an older version commit are added when the job ends.',
    }),
    bytes: z.int().nullable().meta({ description: 'Bytes read.' }),
    batches: z.int().nullable().meta({ description: 'Model calls. A call may mix rows of several blocks.' }),
    mean_batch_rows: z.number().nullable().meta({ description: 'Rows per model call, on average.' }),
    mean_batch_fill: z.number().nullable().meta({
      description: 'Rows per call divided by the rows that a call had room for, 0 to 1.',
    }),
    queue: z.object({
      name: z.string().meta({ description: 'The BullMQ queue of the pool and model.' }),
      depth: z.object({
        waiting: z.int(),
        active: z.int(),
        delayed: z.int(),
        failed: z
          .int()
          .meta({ description: 'Failed runs, kept for inspection. Their blocks were queued again.' }),
      }),
      slots: z.int().meta({ description: 'Slots of the queue in use, over all jobs.' }),
      limit: z
        .int()
        .nullable()
        .meta({ description: 'Number of slots of the queue. Null if this process does not know it.' }),
    }),
    workers: z
      .array(
        z.object({
          id: z.string(),
          host: z.string(),
          pid: z.int(),
          pool: z.string(),
          lanes: z.int(),
          batch_size: z.int(),
          lag_p99_ms: z.number().meta({
            description: 'Event-loop delay of the worker since its last heartbeat, 99th percentile.',
          }),
          memory: z.object({
            rss_bytes: z.int().nullable().meta({
              description:
                'Resident memory of the worker and its lanes. If their container is nearer to its limit, the memory of the container instead. Null if the system does not report it.',
            }),
            limit_bytes: z.int().meta({
              description:
                "The memory limit that applies: the worker's setting, its container's limit, or the machine's memory.",
            }),
            level: z.enum(['normal', 'slow', 'stop', 'kill']).nullable().meta({
              description:
                'How the worker responds. slow: one batch per lane. stop: the worker takes a block only when it holds none. kill: the worker kills the lane that has grown most. Null from an older worker.',
            }),
          }),
          inflight: z.object({
            used_bytes: z
              .int()
              .meta({ description: 'Bytes of rows that were read and have no answer yet, over all jobs.' }),
            limit_bytes: z.int().meta({ description: 'At this limit, reading waits.' }),
            blocked_ms: z
              .number()
              .meta({ description: 'How long reading has waited since the worker started.' }),
          }),
          problem: FAILURE_OR_NULL,
        }),
      )
      .meta({ description: "Live workers that announce the job's model." }),
    reason: z.string().nullable().meta({ description: 'As in the job: why it waits or how it ended.' }),
    reason_text: z.string().nullable().meta({ description: 'The reason in words.' }),
    last_run_error: z.string().nullable().meta({ description: 'Message of the last failed run of a block.' }),
  })
  .meta({ id: 'JobStats', description: 'How a job spends its time, and what it waits for.' });

export type JobStatsWire = z.infer<typeof JOB_STATS>;

/** The statistics that come from counters of committed blocks. `bytes`: null before any were read. */
export function countsToWire(
  costs: JobCosts | null,
  finishedRows: number,
  bytes: number | null,
): Pick<JobStatsWire, 'rows' | 'bytes' | 'batches' | 'mean_batch_rows' | 'mean_batch_fill'> {
  const batches = costs?.batches ?? 0;
  return {
    rows: finishedRows,
    bytes,
    batches: costs && batches,
    mean_batch_rows: rounded(costs && batches > 0 ? costs.rows / batches : null, 2),
    mean_batch_fill: rounded(costs?.fill ?? null, 3),
  };
}
