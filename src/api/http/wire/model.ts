/** A model as clients see it: its config, what its graph says, and who serves it. */
import { z } from 'zod';
import { BATCH_VERDICTS } from '../../../shared/domain/batch-invariance.ts';
import { FAILURE_OR_NULL, TIMESTAMP } from './scalars.ts';

export const MODEL_STATUSES = ['serving', 'not_loaded', 'failed'] as const;

const BATCH_INVARIANCE = z
  .object({
    verdict: z.enum(BATCH_VERDICTS).meta({
      description:
        'invariant: a row is answered alike alone and in any batch. variant: its answer changes with the rows that share its batch. fixed_batch: the graph takes one row at a time. unknown: not found out.',
    }),
    max_difference: z.number().meta({ description: 'Largest change of any output that was seen.' }),
    batch: z.int().meta({ description: 'Rows a call where it was seen, or the most that were tried.' }),
    advice: z.string().nullable().meta({ description: 'What to do about it; null where nothing is to do.' }),
  })
  .nullable()
  .meta({ description: 'Probed when a worker first loads the model; null until then.' });

const MEMORY = z
  .object({
    model_bytes: z.int().meta({ description: 'With the model loaded.' }),
    batch_bytes: z.int().meta({ description: 'With its first batch of `batch_size` rows, on top.' }),
  })
  .nullable()
  .meta({ description: "Growth of one lane's resident memory, measured at the first load." });

export const MODEL = z
  .object({
    name: z.string().meta({ examples: ['digits-small'] }),
    object: z.literal('model'),
    hash: z
      .string()
      .nullable()
      .meta({ description: 'SHA-256 over config, graph, external data and labels.' }),
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
    config: z.record(z.string(), z.unknown()).nullable().meta({
      description: 'model.json with its defaults; null where only workers know the model.',
    }),
    graph: z.record(z.string(), z.unknown()).nullable().meta({
      description:
        'Input, output and batch dimension as the graph states them; null until a worker has loaded it.',
    }),
    batch_invariance: BATCH_INVARIANCE,
    memory: MEMORY,
  })
  .meta({ id: 'Model', description: 'A model of the model folders or of a live worker.' });

export type ModelWire = z.infer<typeof MODEL>;

export const MODEL_LIST = z
  .object({ object: z.literal('list'), data: z.array(MODEL) })
  .meta({ id: 'ModelList', description: 'All known models, by name.' });

export type ModelListWire = z.infer<typeof MODEL_LIST>;
