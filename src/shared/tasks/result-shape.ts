/** The fields that a result row may have, over all tasks. A row has those of its model's task. */
import { z } from 'zod';
import { PREDICTIONS } from './classes/predictions.ts';
import { NAMED_OUTPUTS } from './tabular/named-outputs.ts';

export const RESULT_SHAPE = {
  predictions: PREDICTIONS.optional().meta({ description: 'The best classes, best first.' }),
  value: z.number().optional().meta({ description: 'The number that a regression returned.' }),
  outputs: NAMED_OUTPUTS.optional().meta({ description: "Outputs of the model's graph, by name." }),
};
