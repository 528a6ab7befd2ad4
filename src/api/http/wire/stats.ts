/** A job's statistics: where its time went, and why it waits. */
import { z } from 'zod';
import type { JobCosts } from '../../jobs/report/job-costs.ts';
import { JOB_REPORT } from './job-report.ts';
import { FAILURE_OR_NULL, rounded } from './scalars.ts';

export const JOB_STATS = z
  .object({
    ...JOB_REPORT.shape,
    rows: z.int().meta({ description: 'Rows in committed blocks.' }),
    bytes: z.int().nullable().meta({ description: 'Bytes read.' }),
    batches: z.int().nullable().meta({ description: 'Model calls; a call may mix rows of several blocks.' }),
    mean_batch_rows: z.number().nullable().meta({ description: 'Rows a model call, on average.' }),
    mean_batch_fill: z.number().nullable().meta({
      description: 'Rows a call divided by the rows it had room for, 0 to 1.',
    }),
    queue: z.object({
      name: z.string().meta({ description: 'The BullMQ queue of the pool and model.' }),
      depth: z.object({
        waiting: z.int(),
        active: z.int(),
        delayed: z.int(),
        failed: z.int().meta({ description: 'Failed runs kept for a look; their blocks were added again.' }),
      }),
      slots: z.int().meta({ description: 'Slots of the queue in use, over all jobs.' }),
      limit: z.int().nullable().meta({ description: 'Slots in all; null when not known here.' }),
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
                'Resident memory of the worker and its lanes, or, where that is nearer to its limit, what all of their container holds; null where the system does not tell.',
            }),
            limit_bytes: z.int().meta({
              description:
                'What that may be: set for the worker, the limit of its container, or the machine.',
            }),
            level: z.enum(['normal', 'slow', 'stop', 'kill']).nullable().meta({
              description:
                'What it does about it: slow, one batch a lane; stop, a block only with nothing in hand; kill, the largest lane ends. Null from an older worker.',
            }),
          }),
          inflight: z.object({
            used_bytes: z.int().meta({ description: 'Rows read and not yet answered, over all jobs.' }),
            limit_bytes: z.int().meta({ description: 'Beyond it reading waits.' }),
            blocked_ms: z.number().meta({ description: 'Time since its start during which reading waited.' }),
          }),
          problem: FAILURE_OR_NULL,
        }),
      )
      .meta({ description: "Live workers that announce the job's model." }),
    reason: z.string().nullable().meta({ description: 'Why the job waits.' }),
    reason_text: z.string().nullable().meta({ description: 'More about it, in words.' }),
    last_run_error: z.string().nullable().meta({ description: 'What the last failed run of a block said.' }),
  })
  .meta({ id: 'JobStats', description: 'Where the time of a job goes, and what it waits for.' });

export type JobStatsWire = z.infer<typeof JOB_STATS>;

/** The part that comes from the counters of committed blocks. `bytes`: null before any was read. */
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
