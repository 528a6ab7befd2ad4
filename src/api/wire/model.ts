/** A model as clients see it: its contract, what its graph says, and who serves it. */
import { z } from 'zod';
import { FAILURE_OR_NULL, TIMESTAMP } from './scalars.ts';

export const MODEL_STATUSES = ['serving', 'not_loaded', 'failed'] as const;

export const MODEL = z
  .object({
    name: z.string().meta({ examples: ['digits-small'] }),
    object: z.literal('model'),
    hash: z.string().nullable().meta({ description: 'SHA-256 over contract, graph and labels.' }),
    task: z
      .string()
      .nullable()
      .meta({ examples: ['image-classification'] }),
    pool: z.string().nullable().meta({ description: 'Pool of workers it runs in.' }),
    status: z.enum(MODEL_STATUSES).meta({
      description: 'serving: live lanes hold it. not_loaded: no worker has it. failed: see `problem`.',
    }),
    problem: FAILURE_OR_NULL,
    workers: z.int().meta({ description: 'Live workers that serve it.' }),
    lanes: z.int().meta({ description: 'Lanes over all workers that hold it.' }),
    batch_size: z.int().nullable().meta({ description: 'Rows a model call, as its workers run it.' }),
    tuned_at: TIMESTAMP.nullable().meta({
      description:
        'When `forebay tune` measured what its workers run it with; null where formulas or settings decide.',
    }),
    contract: z.record(z.string(), z.unknown()).nullable().meta({
      description: 'model.json with its defaults; null where only workers know the model.',
    }),
    graph: z.record(z.string(), z.unknown()).nullable().meta({
      description:
        'Input, output and batch dimension as the graph states them; null until a worker has loaded it.',
    }),
  })
  .meta({ id: 'Model', description: 'A model of the model folders or of a live worker.' });

export type ModelWire = z.infer<typeof MODEL>;

export const MODEL_LIST = z
  .object({ object: z.literal('list'), data: z.array(MODEL) })
  .meta({ id: 'ModelList', description: 'All known models, by name.' });

export type ModelListWire = z.infer<typeof MODEL_LIST>;
