/** The answer of a classifier. */
import { z } from 'zod';

/** Answers per row of a model whose config nobody knows. */
export const USUAL_TOP_K = 5;

const PREDICTION = z.object({
  index: z.int().meta({ description: 'Number of the class.' }),
  label: z.string().optional().meta({ description: 'Name of the class. Absent without a labels file.' }),
  score: z.number(),
});

export const PREDICTIONS = z.array(PREDICTION);

/** Answers of code that may know only the name of a class. */
export const NAMED_PREDICTIONS = z.array(PREDICTION.partial({ index: true }));
