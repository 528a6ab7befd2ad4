/** The fields that a result row may have, over all tasks. A row has those of its model's task. */
import { z } from 'zod';
import { PREDICTIONS } from './classes/predictions.ts';
import { DETECTIONS_WITH_MORE } from './detection/detections.ts';
import { EMBEDDING } from './embedding/embedding.ts';
import { SEGMENTS } from './segmentation/segments.ts';
import { ANSWERED_TENSORS } from './tensors/answered-tensors.ts';
import { CROPS_LEFT_OUT, LEFT_OUT_FIELD, STOPPED_AFTER, STOPPED_FIELD } from './pipeline/chain-result.ts';
import { ANSWERS_FIELD, MEMBER_ERRORS_FIELD, MODEL_FIELD } from './pipeline.ts';
import { ANSWER_FIELD } from './predictor.ts';
import { ENTITIES } from './text/entities.ts';

export const RESULT_SHAPE = {
  predictions: PREDICTIONS.optional().meta({ description: 'The best classes, best first.' }),
  embedding: EMBEDDING.optional().meta({ description: 'The vector of the row.' }),
  detections: DETECTIONS_WITH_MORE.optional().meta({
    description:
      'The objects of the image, best first. In a chain, each has the answers of the models that got its crop.',
  }),
  segments: SEGMENTS.optional().meta({ description: 'The pixels of each class, the largest first.' }),
  entities: ENTITIES.optional().meta({ description: 'The labelled parts of the text, in their order.' }),
  value: z.number().optional().meta({ description: 'The number that a regression returned.' }),
  outputs: ANSWERED_TENSORS.optional().meta({
    description: "The graph's outputs by name: nested lists, a single value, or base64 with dtype and shape.",
  }),
  [MODEL_FIELD]: z.string().optional().meta({
    description: 'The model of a pipeline that gave the answer.',
  }),
  [ANSWERS_FIELD]: z
    .array(z.looseObject({ model: z.string() }))
    .optional()
    .meta({ description: 'The answers of all models of an ensemble, each with its model.' }),
  [MEMBER_ERRORS_FIELD]: z
    .array(z.object({ model: z.string(), code: z.string(), message: z.string() }))
    .optional()
    .meta({ description: 'The models of a pipeline that failed on the row, which the others answered.' }),
  [STOPPED_FIELD]: STOPPED_AFTER.optional().meta({
    description: 'The last model of a chain that got the row, if later ones did not.',
  }),
  [LEFT_OUT_FIELD]: CROPS_LEFT_OUT.optional().meta({
    description: 'Crops of the row that a chain left out, because of max_crops.',
  }),
  [ANSWER_FIELD]: z.unknown().meta({
    description:
      'The answer of a predictor that declares no result schema. If it declares one, the row has its fields.',
  }),
};
