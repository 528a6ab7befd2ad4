/** What config.json says about the answers of a detector. */
import type { Activation } from '../../tasks/classes/activation.ts';
import type { Described } from './described.ts';
import { architectureOf } from './heads.ts';
import { readHuggingFaceConfig } from './model-config.ts';
import { usableLabels } from './classes.ts';
import type { Json } from './reading.ts';

/**
 * How the post-processing of transformers turns the numbers of the classes into scores. With softmax, the last class is
 * "no object".
 */
export const DETR_ACTIVATIONS: ReadonlyMap<string, Activation> = new Map([
  ['DetrForObjectDetection', 'softmax'],
  ['YolosForObjectDetection', 'softmax'],
  ['TableTransformerForObjectDetection', 'softmax'],
  ['ConditionalDetrForObjectDetection', 'sigmoid'],
  ['DabDetrForObjectDetection', 'sigmoid'],
  ['DeformableDetrForObjectDetection', 'sigmoid'],
  ['DFineForObjectDetection', 'sigmoid'],
  ['RTDetrForObjectDetection', 'sigmoid'],
  ['RTDetrV2ForObjectDetection', 'sigmoid'],
]);

/** The settings of a detector with boxes in one output, and a number for each class in another. */
export function describeDetections(config: Json): Described {
  const { fields, missing } = usableLabels(config);
  const architecture = architectureOf(config);
  const activation = DETR_ACTIVATIONS.get(architecture ?? '');
  if (activation === undefined) {
    missing.set(
      '/activation',
      `Forebay does not know how ${architecture} turns numbers into scores. Set "softmax" if its last class is "no object", else "sigmoid"`,
    );
  }
  return {
    fields: {
      head: 'detr',
      ...fields,
      ...(activation === undefined ? {} : { activation }),
    },
    missing,
    notes: readHuggingFaceConfig({ ...config, problem_type: undefined }).open,
  };
}

/** The settings of a segmenter that returns a map of logits, with a number for each class. */
export function describeSegments(config: Json): Described {
  const { fields, missing } = usableLabels(config);
  return {
    fields: { ...fields, activation: 'softmax' },
    missing,
    notes: readHuggingFaceConfig(config).open,
  };
}
