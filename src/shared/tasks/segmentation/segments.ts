/** The answer of a segmenter. */
import { z } from 'zod';

export const SEGMENTS = z.array(
  z.object({
    index: z.int().meta({ description: 'Number of the class.' }),
    label: z.string().optional().meta({ description: 'Name of the class. Absent without a labels file.' }),
    score: z.number().optional().meta({
      description: 'Mean score of the class over its pixels. Absent if the model returns only class numbers.',
    }),
    area: z.int().meta({ description: 'Number of pixels.' }),
    rle: z
      .object({
        size: z.array(z.int()).length(2).meta({ description: 'Height and width of the original image.' }),
        counts: z.string(),
      })
      .meta({ description: 'The pixels as compressed run lengths of COCO, as pycocotools reads them.' }),
  }),
);
