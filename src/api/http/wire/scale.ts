/** How many workers the pools should have, as autoscalers and operators see it. */
import { z } from 'zod';

export const POOL_SCALE = z
  .object({
    pool: z.string(),
    object: z.literal('pool_scale'),
    wanted_workers: z.int().meta({ description: 'Workers that the pool should have now.' }),
    live_workers: z.int().meta({ description: 'Workers that the pool has and that take work.' }),
    drained_workers: z.int().meta({
      description:
        'Drained workers that are alive. They take no work, so they do not count in `live_workers`.',
    }),
    wanted_replicas: z.int().meta({
      description:
        'For an autoscaler that sets how many workers run, such as KEDA: `wanted_workers`, plus one for each drained worker. 0 if no worker is wanted.',
    }),
    why: z.string().meta({
      description: 'How the number came about.',
      examples: ['360000 rows left at 100 rows/s take one worker 3600 s; 12 would finish in 300 s'],
    }),
    backlog_s: z.number().meta({ description: 'Time in which one worker would finish all rows.' }),
    target_s: z.int().meta({ description: 'Time in which all workers should finish them.' }),
    models: z
      .array(
        z.object({
          name: z.string(),
          rows_left: z.int().meta({
            description: 'Rows of running and queued jobs. A lower bound while a dataset is being counted.',
          }),
          rows_per_s: z.number().meta({ description: 'Of one worker.' }),
          rate: z.enum(['measured', 'remembered', 'assumed']).meta({
            description:
              'Where the rate comes from: the running jobs, earlier jobs, or FOREBAY_SCALE_ROWS_PER_S.',
          }),
        }),
      )
      .meta({ description: 'Models with rows that wait.' }),
  })
  .meta({ id: 'PoolScale', description: 'How many workers a pool should have.' });

export const SCALE_LIST = z
  .object({ object: z.literal('list'), data: z.array(POOL_SCALE) })
  .meta({ id: 'ScaleList', description: 'Every pool with live workers or active jobs, by name.' });

export const POOL_PARAMS = z.strictObject({
  pool: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'not the name of a pool: a-z, 0-9 and "-", at most 32')
    .meta({ description: 'Name of the pool.', examples: ['default'] }),
});

export type PoolScaleWire = z.infer<typeof POOL_SCALE>;
export type ScaleListWire = z.infer<typeof SCALE_LIST>;
