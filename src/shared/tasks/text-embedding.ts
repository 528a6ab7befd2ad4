/** Texts in, vectors out. */
import { z } from 'zod';
import type { ModelConfig } from '../domain/model/model-config.ts';
import { EMBEDDING, vectorStep } from './embedding/embedding.ts';
import { TEXT_FIELDS } from './row-fields.ts';
import type { TaskDescription } from './task-description.ts';
import type { TaskOptions } from './task-options.ts';
import { PROMPT_SHAPE, promptContradictions, whyNoPrompt, type PromptConfig } from './text/prompts.ts';
import { TEXT_SHAPE, TEXT_TASK, textSteps, tokenizerFile, type TextConfig } from './text/text-config.ts';

/**
 * How the vectors of a text's tokens become one. `cls` is the first token's, `last` the last one's. `none`: the graph returns
 * one vector per text.
 */
export const TEXT_POOLINGS = ['mean', 'cls', 'max', 'last', 'none'] as const;
export type TextPooling = (typeof TEXT_POOLINGS)[number];

const EMBEDDING_SHAPE = {
  /** The graph's output that holds the vectors. Required if several outputs could hold them. */
  output: z.string().min(1).max(1024).optional(),
  /** Required if the graph returns one vector per token. */
  pooling: z.enum(TEXT_POOLINGS).optional(),
  /** Scales each vector to length 1. */
  normalize: z.boolean().default(true),
  /** Keeps only the first numbers of each vector. Only for models that were trained for it (Matryoshka). */
  dimensions: z.int().min(1).max(65_536).optional(),
};

export type TextEmbeddingConfig = ModelConfig &
  TextConfig &
  PromptConfig &
  z.infer<z.ZodObject<typeof EMBEDDING_SHAPE>>;

export type TextEmbeddingOptions = TaskOptions<'prompt' | 'dimensions'>;

export const TEXT_EMBEDDING: TaskDescription<TextEmbeddingConfig> = {
  id: 'text-embedding',
  ...TEXT_TASK,
  config: { ...TEXT_SHAPE, ...PROMPT_SHAPE, ...EMBEDDING_SHAPE },
  options: ['prompt', 'dimensions'],
  result: { embedding: EMBEDDING },
  contradictions: promptContradictions,
  whyNot(config, { prompt }) {
    const message = whyNoPrompt(config, prompt as string | null | undefined);
    return message === null ? [] : [{ path: '/options/prompt', message }];
  },
  fields: () => TEXT_FIELDS,
  files: tokenizerFile,
  defaults: (config) => ({ prompt: config?.prompt ?? null, dimensions: config?.dimensions ?? null }),
  steps(config, options) {
    const { prompt, dimensions } = options as TextEmbeddingOptions;
    const isScaled = config === null || config.normalize;
    return {
      prepare: textSteps(config, prompt),
      answer: vectorStep(config?.pooling, 'text', { dimensions, isScaled }),
    };
  },
};
