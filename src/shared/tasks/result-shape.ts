/** The fields that a result row may have, over all tasks. A row has those of its model's task. */
import { PREDICTIONS } from './classes/predictions.ts';

export const RESULT_SHAPE = {
  predictions: PREDICTIONS.optional().meta({ description: 'The best classes, best first.' }),
};
