/** Takes texts. Answers with their entities: the parts that the model has labelled. */
import { z } from 'zod';
import type { ModelConfig } from '../domain/model/model-config.ts';
import { ACTIVATION } from './classes/activation.ts';
import { labelsFile } from './classes/labels.ts';
import { TEXT_FIELDS } from './row-fields.ts';
import type { TaskDescription } from './task-description.ts';
import type { TaskOptions } from './task-options.ts';
import { AGGREGATIONS } from './text/aggregation.ts';
import { ENTITIES } from './text/entities.ts';
import { TEXT_SHAPE, TEXT_TASK, textSteps, tokenizerFile, type TextConfig } from './text/text-config.ts';

const TOKEN_CLASSES_SHAPE = {
  /**
   * A file beside model.json with one label per line, such as `B-PER`, or with the `id2label` of a Hugging Face config.
   */
  labels: z.string().max(255, 'a file name has at most 255 characters'),
  /** Labels that are not part of the answer. */
  ignore_labels: z.array(z.string().max(1_024)).max(1_000).default(['O']),
  /** The graph's output that holds the scores. Required if several outputs could hold them. */
  output: z.string().min(1).max(1024).optional(),
  /** How the output's numbers become scores. */
  activation: ACTIVATION,
  aggregation: z.enum(AGGREGATIONS).default('simple'),
  /** Leaves out entities with a lower score. */
  threshold: z.number().min(0).max(1).optional(),
};

export type TokenClassificationConfig = ModelConfig &
  TextConfig &
  z.infer<z.ZodObject<typeof TOKEN_CLASSES_SHAPE>>;

export type TokenClassificationOptions = TaskOptions<'aggregation' | 'threshold'>;

export const TOKEN_CLASSIFICATION: TaskDescription<TokenClassificationConfig> = {
  id: 'token-classification',
  ...TEXT_TASK,
  config: { ...TEXT_SHAPE, ...TOKEN_CLASSES_SHAPE },
  options: ['aggregation', 'threshold'],
  result: { entities: ENTITIES },
  fields: () => TEXT_FIELDS,
  files: (config) => [...tokenizerFile(config), ...labelsFile(config)],
  defaults: (config) => ({
    aggregation: config?.aggregation ?? null,
    threshold: config?.threshold ?? null,
  }),
  steps(config, options) {
    const { aggregation, threshold } = options as TokenClassificationOptions;
    const above = threshold === null ? '' : `, scores of ${threshold} and more`;
    return {
      prepare: textSteps(config, null),
      answer: `${config === null ? '' : `${config.activation}, `}entities (${aggregation ?? 'simple'})${above}`,
    };
  },
};
