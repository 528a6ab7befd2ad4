/** Images in, boxes around objects out. */
import type { ModelConfig } from '../domain/model/model-config.ts';
import { labelsFile } from './classes/labels.ts';
import {
  DETECTION_SHAPE,
  detectionContradictions,
  iouThresholdOf,
  type DetectionConfig,
} from './detection/detection-config.ts';
import { DETECTIONS } from './detection/detections.ts';
import { imageSteps } from './image/image-steps.ts';
import { pixelBytes, PREPROCESS, type Preprocess } from './image/preprocess.ts';
import { IMAGE_FIELDS } from './row-fields.ts';
import type { TaskDescription } from './task-description.ts';
import type { TaskOptions } from './task-options.ts';

export interface ObjectDetectionConfig extends ModelConfig, DetectionConfig {
  readonly preprocess: Preprocess;
}

export type ObjectDetectionOptions = TaskOptions<'top_k' | 'decode' | 'threshold'>;

export const OBJECT_DETECTION: TaskDescription<ObjectDetectionConfig> = {
  id: 'object-detection',
  input: 'image',
  config: { preprocess: PREPROCESS, ...DETECTION_SHAPE },
  options: ['top_k', 'decode', 'threshold'],
  result: { detections: DETECTIONS },
  contradictions: detectionContradictions,
  fields: () => IMAGE_FIELDS,
  files: labelsFile,
  defaults: (config) => ({
    top_k: config?.top_k ?? null,
    decode: config?.preprocess.decode ?? null,
    threshold: config?.threshold ?? null,
  }),
  inputBytes: ({ preprocess }) => pixelBytes(preprocess),
  steps(config, options) {
    const { top_k, decode, threshold } = options as ObjectDetectionOptions;
    const iou = config === null ? null : iouThresholdOf(config);
    const parts = [
      config === null ? 'boxes' : `boxes of ${config.head}`,
      `score at least ${threshold}`,
      iou === null ? 'no suppression' : `overlap of a class at most ${iou}`,
      `at most ${top_k}`,
    ];
    return { prepare: imageSteps(config && config.preprocess, decode), answer: parts.join(', ') };
  },
};
