/** A job's statistics: where its time went, and why it waits. */
import { z } from 'zod';
import { FAILURE_OR_NULL, rounded } from './scalars.ts';

const MS = z.number().nullable();
const stage = (description: string) => MS.meta({ description });

/** Stage -> counter of microseconds that commits sum. */
const STAGES = {
  queue_ms: 'queue_us',
  read_ms: 'read_us',
  wait_ms: 'wait_us',
  decode_ms: 'decode_us',
  prepare_ms: 'prepare_us',
  infer_ms: 'infer_us',
  post_ms: 'post_us',
  write_ms: 'write_us',
} as const;

export const JOB_STATS = z
  .object({
    stages: z
      .object({
        queue_ms: stage('Rows waiting for a place in a lane, summed over rows.'),
        read_ms: stage('Reading row bytes.'),
        wait_ms: stage('Decoded batches waiting for inference.'),
        decode_ms: stage('Decoding; overlaps the inference of the batch before.'),
        prepare_ms: stage('Filling the input tensor.'),
        infer_ms: stage('Model calls.'),
        post_ms: stage('From outputs to answers.'),
        write_ms: stage('Publishing parts and committing.'),
      })
      .meta({
        description:
          'Milliseconds summed over all committed blocks and lanes; stages overlap, so the sum exceeds the wall clock. Null: not measured.',
      }),
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
      places: z.int().meta({ description: 'Places of the queue in use, over all jobs.' }),
      limit: z.int().nullable().meta({ description: 'Places in all; null when not known here.' }),
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
          problem: FAILURE_OR_NULL,
        }),
      )
      .meta({ description: "Live workers that announce the job's model." }),
    reason: z.string().nullable().meta({ description: 'Why the job waits.' }),
    last_run_error: z.string().nullable().meta({ description: 'What the last failed run of a block said.' }),
  })
  .meta({ id: 'JobStats', description: 'Where the time of a job goes, and what it waits for.' });

export type JobStatsWire = z.infer<typeof JOB_STATS>;

/** The part that comes from the counters of committed blocks. */
export function countersToWire(
  counters: Readonly<Record<string, number>>,
  finishedRows: number,
): Pick<JobStatsWire, 'stages' | 'rows' | 'bytes' | 'batches' | 'mean_batch_rows' | 'mean_batch_fill'> {
  const stages = Object.fromEntries(
    Object.entries(STAGES).map(([name, counter]) => {
      const us = counters[counter];
      return [name, us === undefined ? null : rounded(us / 1000, 1)];
    }),
  ) as JobStatsWire['stages'];
  // A block may own a share of a batch, so shares are summed as thousandths.
  const batches = counters['batches_milli'] === undefined ? null : counters['batches_milli'] / 1000;
  const computed = counters['rows_computed'] ?? 0;
  const room = (counters['room_milli'] ?? 0) / 1000;
  return {
    stages,
    rows: finishedRows,
    bytes: counters['bytes'] ?? null,
    batches: batches === null ? null : Math.round(batches),
    mean_batch_rows: rounded(batches ? computed / batches : null, 2),
    mean_batch_fill: rounded(room > 0 ? Math.min(1, computed / room) : null, 3),
  };
}
