/** The answer of a model that labels tokens. */
import { z } from 'zod';

export const ENTITIES = z.array(
  z.object({
    label: z
      .string()
      .meta({ description: 'The label. Without its prefix (`B-`, `I-`) if tokens are joined.' }),
    score: z.number(),
    start: z.int().meta({ description: 'Where it starts in the text, in UTF-16 code units.' }),
    end: z.int().meta({ description: 'Where it ends, in UTF-16 code units.' }),
    text: z.string().meta({ description: 'The text from start to end.' }),
  }),
);
