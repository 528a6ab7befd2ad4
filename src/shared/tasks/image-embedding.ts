/** Images in, vectors out. */
import { z } from 'zod';
import type { ModelConfig } from '../domain/model/model-config.ts';
import { EMBEDDING, vectorStep } from './embedding/embedding.ts';
import { imageSteps } from './image/image-steps.ts';
import { pixelBytes, PREPROCESS, type Preprocess } from './image/preprocess.ts';
import { IMAGE_FIELDS } from './row-fields.ts';
import type { TaskDescription } from './task-description.ts';
import type { TaskOptions } from './task-options.ts';

/**
 * How the vectors of an image's parts become one. `cls`: the first token's. `gem`: the generalised mean. `none`: the graph
 * returns one vector per image.
 */
export const IMAGE_POOLINGS = ['none', 'cls', 'mean', 'gem'] as const;
export type ImagePooling = (typeof IMAGE_POOLINGS)[number];

const EMBEDDING_SHAPE = {
  /** The graph's output that holds the vectors. Required if several outputs could hold them. */
  output: z.string().min(1).max(1024).optional(),
  /** Required if the graph returns one vector per token, or per position of a feature map. */
  pooling: z.enum(IMAGE_POOLINGS).optional(),
  /** Tokens before those of the image's patches (class, registers), which `mean` and `gem` leave out. Absent: 0. */
  prefix_tokens: z.int().min(0).max(1024).optional(),
  /** The exponent of `gem`. Absent: 3. */
  gem_p: z.number().min(1).max(100).optional(),
  /** Scales each vector to length 1. */
  normalize: z.boolean().default(true),
};

export interface ImageEmbeddingConfig extends ModelConfig, z.infer<z.ZodObject<typeof EMBEDDING_SHAPE>> {
  readonly preprocess: Preprocess;
}

export type ImageEmbeddingOptions = TaskOptions<'decode'>;

export const IMAGE_EMBEDDING: TaskDescription<ImageEmbeddingConfig> = {
  id: 'image-embedding',
  input: 'image',
  config: { preprocess: PREPROCESS, ...EMBEDDING_SHAPE },
  options: ['decode'],
  result: { embedding: EMBEDDING },
  fields: () => IMAGE_FIELDS,
  files: () => [],
  defaults: (config) => ({ decode: config?.preprocess.decode ?? null }),
  inputBytes: ({ preprocess }) => pixelBytes(preprocess),
  steps(config, options) {
    const { decode } = options as ImageEmbeddingOptions;
    const isScaled = config === null || config.normalize;
    return {
      prepare: imageSteps(config && config.preprocess, decode),
      answer: vectorStep(config?.pooling, 'image', { isScaled }),
    };
  },
};
