/**
 * The part of a model's config (`model.json`) that every model has, whatever its task. The rest belongs to its task,
 * see shared/tasks. Names, dtypes and shapes come from the graph.
 */
import { z } from 'zod';
import { EXECUTION_PROVIDER, providerName, type ExecutionProvider } from './execution-providers.ts';
import { HOOKS } from './hooks-config.ts';
import type { ModelKind } from './model-kind.ts';

const auto = <T extends z.ZodType>(schema: T) => z.union([z.literal('auto'), schema]);

export const COMMON_CONFIG_SHAPE = {
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'lower-case letters, digits, ".", "_", "-"; 64 at most'),
  /** The graph, as a path below the folder. Absent: model.onnx, or where Hugging Face and Triton keep it. */
  graph: z
    .string()
    .max(1024)
    .regex(
      /^(?!\/)(?!.*(^|[/\\])\.\.([/\\]|$)).*\.onnx$/i,
      'expected the path of an .onnx file below the model folder, such as "onnx/model_fp16.onnx"',
    )
    .optional(),
  batching: z
    .strictObject({
      batch_size: auto(z.int().min(1).max(1024)).default('auto'),
      max_wait_ms: z.int().min(0).max(60_000).default(50),
      /** Timeout of a batch, including decoding. Absent: the worker's setting. */
      timeout_s: z.int().min(1).max(86_400).optional(),
      /** For online rows. It changes no answer, so it is not part of the model's hash. */
      online: z
        .strictObject({
          max_wait_ms: z.int().min(0).max(60_000).default(0),
          preferred_sizes: z.array(z.int().min(1).max(1024)).min(1).max(16).optional(),
        })
        .optional(),
    })
    .default({ batch_size: 'auto', max_wait_ms: 50 }),
  lanes: auto(z.int().min(1).max(256)).default('auto'),
  threads_per_lane: auto(z.int().min(1).max(256)).default('auto'),
  pool: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,31}$/)
    .default('default'),
  /** In order of preference. All of them must load, unless `fallback` is true. */
  execution_providers: z
    .array(EXECUTION_PROVIDER)
    .min(1)
    .refine(namesEachOnce, 'names a provider twice')
    .default(['cpu']),
  /** Whether the CPU may replace a provider that cannot load. No default, so that the hashes of older models stay. */
  fallback: z.boolean().optional(),
  /** Seconds without use after which lanes unload the model. -1: never, even if others need the memory. No default. */
  keep_alive_s: z.int().min(-1).max(2_592_000).optional(),
  /** Code around the graph: hooks.js in the folder. Set for every model whose folder has it. */
  hooks: HOOKS.optional(),
};

function namesEachOnce(providers: readonly ExecutionProvider[]): boolean {
  return new Set(providers.map(providerName)).size === providers.length;
}

type CommonConfig = z.infer<z.ZodObject<typeof COMMON_CONFIG_SHAPE>>;

/** A checked config. Its other fields belong to the task. */
export interface ModelConfig extends CommonConfig {
  /** Absent: a graph. */
  readonly kind?: Exclude<ModelKind, 'onnx'> | undefined;
  readonly task: string;
}

/** A model as jobs and queues know it: by name, content hash and pool. */
export interface ModelRef {
  readonly name: string;
  /** Hex SHA-256 over the config, the graph with its external data, and the other files that the config names. Of a
   * predictor: over every file of its folder. */
  readonly hash: string;
  readonly pool: string;
}
