/** A plan: what a job would do if it were submitted, and how fast. */
import { z } from 'zod';
import { BOUND_BY } from '../../../shared/domain/choice.ts';
import { DELTA_ROWS } from './delta.ts';
import { FAILURE } from './scalars.ts';

const CHOICE = z
  .object({
    value: z.number(),
    bound_by: z
      .enum(BOUND_BY)
      .meta({ description: 'The constraint that set the number. Change it to get another number.' }),
    why: z.string().meta({ examples: ['one per core: 2'] }),
  })
  .meta({
    id: 'PlanNumber',
    description: 'A number, the constraint that set it, and the calculation behind it.',
  });

/** A union, because a nullable reference would become a schema that refuses null. */
const CHOICE_OR_NULL = z.union([CHOICE, z.null()]);

const RANGE = z
  .object({
    value: z.number(),
    low: z.number().nullable(),
    high: z.number().nullable(),
  })
  .meta({
    id: 'PlanEstimate',
    description: 'An estimate and its 95 % interval. The bounds are null if the sample was too short.',
  });

const RANGE_OR_NULL = z.union([RANGE, z.null()]);

export const PLAN = z
  .object({
    object: z.literal('plan'),
    model: z.string(),
    model_hash: z.string(),
    pool: z.string(),
    logical: z
      .array(z.object({ operator: z.string().meta({ examples: ['decode'] }), does: z.string() }))
      .meta({ description: 'What happens to a row, in order.' }),
    physical: z.object({
      stages: z
        .array(
          z.object({
            where: z.enum(['api', 'worker', 'lane']).meta({
              description: 'The API process, a worker’s main thread, or a lane process of a worker.',
            }),
            processes: z.int().nullable().meta({
              description: 'Number of processes. For workers and lanes, null without a live worker.',
            }),
            operators: z.array(z.string()),
            fused: z
              .boolean()
              .meta({ description: 'Whether the operators run as one, with no hand-over between them.' }),
            why: z.string(),
          }),
        )
        .meta({ description: 'Which process does what, in the order in which a row passes through them.' }),
      not_fused: z.array(z.object({ operator: z.string(), with: z.string(), why: z.string() })),
    }),
    numbers: z
      .object({
        batch_size: CHOICE,
        block_rows: CHOICE,
        lanes: CHOICE_OR_NULL.meta({ description: 'Over all live workers of the model.' }),
        threads_per_lane: CHOICE_OR_NULL,
        decode_threads: CHOICE_OR_NULL.meta({ description: 'Images that a lane decodes at once.' }),
        batches_per_lane: CHOICE_OR_NULL,
        reads_at_once: CHOICE_OR_NULL.meta({ description: 'Per worker.' }),
        inflight_bytes: CHOICE_OR_NULL.meta({ description: 'Row bytes that a worker holds at once.' }),
        lanes_fed: CHOICE_OR_NULL.meta({
          description:
            'Lanes that the bytes in flight keep busy, with the batches that each lane holds. Null until a row was sampled.',
        }),
        job_window: CHOICE.meta({
          description: "Maximum number of the job's blocks queued or running at once.",
        }),
        queue_limit: CHOICE.meta({ description: 'Maximum number of queued blocks, over all jobs.' }),
      })
      .meta({ description: 'A number is null if only a worker knows it and no worker is live.' }),
    memory: z
      .union([
        z.object({
          model_bytes: z.number().meta({ description: 'For the model in one lane.' }),
          batch_bytes: z.number().nullable().meta({ description: 'Additional memory for one model call.' }),
          measured: z.boolean().meta({ description: 'False: estimated as three times the model file.' }),
        }),
        z.null(),
      ])
      .meta({ description: 'Null without a live worker.' }),
    workers: z.array(
      z.object({
        id: z.string(),
        host: z.string(),
        cpus: z.number().nullable(),
        memory_bytes: z.number().nullable(),
        lanes: z.int(),
        rows_per_s: RANGE_OR_NULL.meta({ description: 'The rate measured in its sample.' }),
        no_sample: z.string().nullable().meta({ description: 'Why the worker has no sample.' }),
      }),
    ),
    delta: z
      .union([
        z.object({
          previous: z.object({ job: z.string(), output: z.string() }),
          ...DELTA_ROWS.shape,
          taken_over: z.int().meta({
            description:
              'Rows whose results come from the earlier output. If `by` is `content`, rows whose content has changed count here, because a plan does not read them.',
          }),
          whole: z.boolean().meta({
            description:
              'Whether all rows were counted. False: the plan stopped counting after some seconds.',
          }),
          recompute: z
            .string()
            .nullable()
            .meta({ description: 'Why all rows are computed. Null: they are not.' }),
        }),
        z.null(),
      ])
      .meta({ description: 'What a delta job would take over and compute. Null: the job is none.' }),
    rows: z.object({
      total: z.int().nullable(),
      at_least: z.int().meta({
        description: 'The total if it is known, otherwise the number of rows that the plan has read.',
      }),
      why: z.string().nullable().meta({ description: 'Why the total is not known.' }),
    }),
    sample: z
      .union([
        z.object({
          rows: z.int().meta({ description: 'Number of different rows.' }),
          passes: z.number().meta({ description: 'How often each was run, on average.' }),
          rows_measured: z.int(),
          seconds: z.number(),
          mean_row_bytes: z.number().nullable(),
          stage_ms: z.record(z.string(), z.number()).meta({
            description: 'Milliseconds per row, by stage, summed over parallel work.',
          }),
          failed_rows: z.int(),
          errors: z.array(FAILURE.extend({ rows: z.int() })),
        }),
        z.null(),
      ])
      .meta({ description: 'The measurements of all sampled workers. Null: nothing was measured.' }),
    estimate: z
      .object({
        rows_per_s: RANGE_OR_NULL,
        eta_s: RANGE_OR_NULL,
        why: z.string().meta({ description: 'What the estimate is based on, or why there is none.' }),
      })
      .meta({ description: 'For the whole job, over all live workers, from reading to answers.' }),
    warnings: z.array(z.string()),
  })
  .meta({ id: 'Plan', description: 'What a job would do, and how fast it would run.' });

export type PlanWire = z.infer<typeof PLAN>;
export type PlanRange = z.infer<typeof RANGE>;
export type PlanNumber = z.infer<typeof CHOICE>;
