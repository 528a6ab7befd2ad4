/** The fields of a segmenter's model.json. */
import { z } from 'zod';
import { ACTIVATION } from '../classes/activation.ts';

export const SEGMENTATION_SHAPE = {
  /** A file beside model.json with one class name per line. */
  labels: z.string().max(255, 'a file name has at most 255 characters').optional(),
  /** The graph's output that holds the map. Required if several outputs could hold it. */
  output: z.string().min(1).max(1024).optional(),
  /**
   * How the map's numbers become scores. `softmax`: each pixel has the best class. `sigmoid`: each class has its own pixels.
   * `none`: the numbers are scores already. Not needed for a map of class numbers.
   */
  activation: ACTIVATION.optional(),
  /** Classes that are no segments, such as the background. */
  ignore: z.array(z.int().min(0).max(65_535)).max(1000).optional(),
  /** For `sigmoid`: the lowest score with which a pixel belongs to a class. */
  threshold: z.number().min(0).max(1).default(0.5),
};

export type SegmentationConfig = z.infer<z.ZodObject<typeof SEGMENTATION_SHAPE>>;
