/** The fields that a result row may have, over all tasks. A row has those of its model's task. */
import { PREDICTIONS } from './classes/predictions.ts';
import { SEGMENTS } from './segmentation/segments.ts';
import { DETECTIONS } from './detection/detections.ts';
import { EMBEDDING } from './embedding/embedding.ts';

export const RESULT_SHAPE = {
  predictions: PREDICTIONS.optional().meta({ description: 'The best classes, best first.' }),
  embedding: EMBEDDING.optional().meta({ description: 'The vector of the row.' }),
  detections: DETECTIONS.optional().meta({ description: 'The objects of the image, best first.' }),
  segments: SEGMENTS.optional().meta({ description: 'The pixels of each class, the largest first.' }),
};
