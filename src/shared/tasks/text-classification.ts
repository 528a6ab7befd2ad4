/** Takes texts or pairs of texts. Answers with the best classes. */
import type { ModelConfig } from '../domain/model/model-config.ts';
import { ACTIVATION, CLASSES_SHAPE, describeAnswer, type ClassesConfig } from './classes/activation.ts';
import { labelsFile } from './classes/labels.ts';
import { PREDICTIONS, USUAL_TOP_K } from './classes/predictions.ts';
import { TEXT_FIELDS } from './row-fields.ts';
import type { TaskDescription } from './task-description.ts';
import type { TaskOptions } from './task-options.ts';
import { TEXT_SHAPE, TEXT_TASK, textSteps, tokenizerFile, type TextConfig } from './text/text-config.ts';

const { softmax: _older, ...CLASSES } = CLASSES_SHAPE;

export type TextClassificationConfig = ModelConfig & TextConfig & ClassesConfig;

export type TextClassificationOptions = TaskOptions<'top_k' | 'threshold'>;

export const TEXT_CLASSIFICATION: TaskDescription<TextClassificationConfig> = {
  id: 'text-classification',
  ...TEXT_TASK,
  // `activation` is required, because Forebay never guesses what the numbers mean.
  config: { ...TEXT_SHAPE, ...CLASSES, activation: ACTIVATION },
  options: ['top_k', 'threshold'],
  result: { predictions: PREDICTIONS },
  fields: () => TEXT_FIELDS,
  files: (config) => [...tokenizerFile(config), ...labelsFile(config)],
  defaults: (config) => ({ top_k: config?.top_k ?? USUAL_TOP_K, threshold: config?.threshold ?? null }),
  steps(config, options) {
    const { top_k, threshold } = options as TextClassificationOptions;
    return { prepare: textSteps(config, null), answer: describeAnswer(config, top_k, threshold) };
  },
};
