/** Images in, the best classes out. */
import type { ModelConfig } from '../domain/model/model-config.ts';
import {
  activationContradictions,
  CLASSES_SHAPE,
  describeAnswer,
  type ClassesConfig,
} from './classes/activation.ts';
import { labelsFile } from './classes/labels.ts';
import { PREDICTIONS, USUAL_TOP_K } from './classes/predictions.ts';
import { imageSteps } from './image/image-steps.ts';
import { pixelBytes, PREPROCESS, type Preprocess } from './image/preprocess.ts';
import { IMAGE_FIELDS } from './row-fields.ts';
import type { TaskDescription } from './task-description.ts';
import type { TaskOptions } from './task-options.ts';

export interface ImageClassificationConfig extends ModelConfig, ClassesConfig {
  readonly preprocess: Preprocess;
}

export type ImageClassificationOptions = TaskOptions<'top_k' | 'decode' | 'threshold'>;

export const IMAGE_CLASSIFICATION: TaskDescription<ImageClassificationConfig> = {
  id: 'image-classification',
  input: 'image',
  config: { preprocess: PREPROCESS, ...CLASSES_SHAPE },
  options: ['top_k', 'decode', 'threshold'],
  result: { predictions: PREDICTIONS },
  contradictions: activationContradictions,
  fields: () => IMAGE_FIELDS,
  files: labelsFile,
  defaults: (config) => ({
    top_k: config?.top_k ?? USUAL_TOP_K,
    decode: config?.preprocess.decode ?? null,
    threshold: config?.threshold ?? null,
  }),
  inputBytes: ({ preprocess }) => pixelBytes(preprocess),
  steps(config, options) {
    const { top_k, decode, threshold } = options as ImageClassificationOptions;
    return {
      prepare: imageSteps(config && config.preprocess, decode),
      answer: describeAnswer(config, top_k, threshold),
    };
  },
};
