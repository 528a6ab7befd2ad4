/** The answer of a classifier. */
import { z } from 'zod';

/** Answers per row of a model whose config nobody knows. */
export const USUAL_TOP_K = 5;

export const PREDICTIONS = z.array(
  z.object({
    index: z.int().meta({ description: 'Number of the class.' }),
    label: z.string().optional().meta({ description: 'Name of the class. Absent without a labels file.' }),
    score: z.number(),
  }),
);
