/** Images in, the pixels of each class out. */
import type { ModelConfig } from '../domain/model/model-config.ts';
import { labelsFile } from './classes/labels.ts';
import { imageSteps } from './image/image-steps.ts';
import { pixelBytes, PREPROCESS, type Preprocess } from './image/preprocess.ts';
import { SEGMENTATION_SHAPE, type SegmentationConfig } from './segmentation/segmentation-config.ts';
import { SEGMENTS } from './segmentation/segments.ts';
import { IMAGE_FIELDS } from './row-fields.ts';
import type { TaskDescription } from './task-description.ts';
import type { TaskOptions } from './task-options.ts';

export interface ImageSegmentationConfig extends ModelConfig, SegmentationConfig {
  readonly preprocess: Preprocess;
}

export type ImageSegmentationOptions = TaskOptions<'decode' | 'threshold'>;

export const IMAGE_SEGMENTATION: TaskDescription<ImageSegmentationConfig> = {
  id: 'image-segmentation',
  input: 'image',
  config: { preprocess: PREPROCESS, ...SEGMENTATION_SHAPE },
  options: ['decode', 'threshold'],
  result: { segments: SEGMENTS },
  fields: () => IMAGE_FIELDS,
  files: labelsFile,
  defaults: (config) => ({
    decode: config?.preprocess.decode ?? null,
    threshold: config?.threshold ?? null,
  }),
  inputBytes: ({ preprocess }) => pixelBytes(preprocess),
  steps(config, options) {
    const { decode, threshold } = options as ImageSegmentationOptions;
    const how =
      config?.activation === 'sigmoid'
        ? `the pixels of each class, score at least ${threshold}`
        : 'the class of each pixel';
    return {
      prepare: imageSteps(config && config.preprocess, decode),
      answer: `${how}, as run lengths`,
    };
  },
};
