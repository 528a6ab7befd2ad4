/** The answer of a detector. */
import { z } from 'zod';

const DETECTION = z.object({
  index: z.int().meta({ description: 'Number of the class.' }),
  label: z.string().optional().meta({ description: 'Name of the class. Absent without a labels file.' }),
  score: z.number(),
  box: z
    .array(z.number())
    .length(4)
    .meta({ description: 'Left, top, width and height in pixels of the original image.' }),
});

export const DETECTIONS = z.array(DETECTION);

/** In a chain, objects also have the answers of other models. */
export const DETECTIONS_WITH_MORE = z.array(DETECTION.loose());
