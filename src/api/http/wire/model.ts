/** A model as clients see it: its config, its graph, and the workers that serve it. */
import { z } from 'zod';
import { BATCH_VERDICTS } from '../../../shared/domain/model/batch-invariance.ts';
import { ROW_KINDS } from '../../../shared/tasks/task-description.ts';
import { FAILURE_OR_NULL, TIMESTAMP } from './scalars.ts';

export const MODEL_STATUSES = ['serving', 'unloaded', 'not_loaded', 'failed'] as const;

const BATCH_INVARIANCE = z
  .object({
    verdict: z.enum(BATCH_VERDICTS).meta({
      description:
        'invariant: a row gets the same answer alone and in any batch. variant: its answer depends on the rows in its batch. fixed_batch: the graph takes one row per call. unknown: not determined.',
    }),
    max_difference: z.number().meta({ description: 'Largest change seen in any output.' }),
    batch: z.int().meta({
      description: 'Rows per call at which the change was seen, or the highest number that was tried.',
    }),
    advice: z.string().nullable().meta({ description: 'What to do about it. Null if no action is needed.' }),
  })
  .nullable()
  .meta({ description: 'Probed when a worker first loads the model. Null until then.' });

const MEMORY = z
  .object({
    model_bytes: z.int().meta({ description: 'Growth after the model is loaded.' }),
    batch_bytes: z
      .int()
      .meta({ description: 'Additional growth after a batch of the automatic or configured size.' }),
  })
  .nullable()
  .meta({ description: "How much one lane's resident memory grows, measured at the first load." });

const USE = z
  .object({
    rows: z.int().meta({ description: 'Rows answered, including those that failed.' }),
    failed: z.int(),
    batches: z.int().meta({ description: 'Calls of the model.' }),
    batch_ms: z.number().meta({ description: 'Mean time of a batch in a lane.' }),
    row_ms: z.number().meta({
      description: 'Mean time from reading a row until its answer, including its wait for a batch.',
    }),
    last_at: TIMESTAMP,
  })
  .nullable()
  .meta({
    description:
      'What live workers have done with the model since they started, as of their last heartbeats. Null: nothing yet.',
  });

export const MODEL = z
  .object({
    name: z.string().meta({ examples: ['digits-small'] }),
    object: z.literal('model'),
    version: z
      .string()
      .nullable()
      .meta({
        description: 'Name of its version folder. Submit it as `name@version`. Null if it has no versions.',
        examples: ['2'],
      }),
    latest: z.boolean().meta({ description: 'Whether a job that names no version would use it.' }),
    aliases: z.array(z.string()).meta({
      description: 'Aliases that stand for this version. Submit one as `name@alias`.',
      examples: [['stable']],
    }),
    hash: z.string().nullable().meta({
      description: 'SHA-256 over config, graph, external data, and the files that the config names.',
    }),
    task: z
      .string()
      .nullable()
      .meta({ examples: ['image-classification'] }),
    pool: z.string().nullable().meta({ description: 'Pool of workers that runs it.' }),
    status: z.enum(MODEL_STATUSES).meta({
      description:
        'serving: live lanes have it loaded. unloaded: live workers load it when a job needs it. not_loaded: no worker has it, or one is loading it. failed: see `problem`.',
    }),
    problem: FAILURE_OR_NULL,
    workers: z.int().meta({ description: 'Live workers that serve it, or load it when a job needs it.' }),
    lanes: z.int().meta({ description: 'Lanes that have it loaded, over all workers.' }),
    batch_size: z.int().nullable().meta({ description: 'Rows per model call on its workers.' }),
    tuned_at: TIMESTAMP.nullable().meta({
      description: 'When `forebay tune` measured the profile that the workers use. Null if they use none.',
    }),
    config: z.record(z.string(), z.unknown()).nullable().meta({
      description: 'The config with its defaults. Null if only workers of older versions know the model.',
    }),
    notes: z.array(z.string()).meta({
      description:
        'What Forebay did not understand or follow in a Hugging Face or Triton folder. Empty for a folder with a complete model.json.',
    }),
    graph: z.record(z.string(), z.unknown()).nullable().meta({
      description:
        'The inputs and outputs that the task uses, and the batch dimension of the graph. Null until a worker has loaded it.',
    }),
    providers: z
      .array(z.string())
      .nullable()
      .meta({
        description:
          'onnxruntime execution providers that its sessions use, in order. The CPU computes operators that they lack. Null until a worker has loaded it.',
        examples: [['cpu']],
      }),
    batch_invariance: BATCH_INVARIANCE,
    memory: MEMORY,
    input: z.enum(ROW_KINDS).nullable().meta({
      description:
        'What a row must provide: an image, a text, named features, named tensors, or a sound. Null: unknown.',
    }),
    use: USE,
  })
  .meta({ id: 'Model', description: 'A model from the model folders or a live worker.' });

export type ModelWire = z.infer<typeof MODEL>;

export const MODEL_LIST = z
  .object({ object: z.literal('list'), data: z.array(MODEL) })
  .meta({ id: 'ModelList', description: 'All known models, sorted by name and version.' });

export type ModelListWire = z.infer<typeof MODEL_LIST>;
