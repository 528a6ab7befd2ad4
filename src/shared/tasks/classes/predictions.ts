/** The answer of a classifier. */
import { z } from 'zod';

export const PREDICTIONS = z.array(
  z.object({
    index: z.int().meta({ description: 'Number of the class.' }),
    label: z.string().optional().meta({ description: 'Name of the class. Absent without a labels file.' }),
    score: z.number(),
  }),
);
