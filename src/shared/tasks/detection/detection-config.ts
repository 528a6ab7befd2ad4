/** The fields of a detector's model.json. */
import { z } from 'zod';
import type { Issue } from '../../errors.ts';
import { ACTIVATION } from '../classes/activation.ts';

/**
 * What the graph returns for each of its boxes. `yolox`: offsets from a grid, and objectness. `yolov5`: boxes and objectness.
 * `yolov8`: boxes without objectness. `detr`: boxes in one output, a value for each box and class in another. `nms`:
 * the best boxes already, with one score and one class each. `map`: probabilities of places, such as a text detector's.
 */
export const HEADS = ['yolox', 'yolov5', 'yolov8', 'detr', 'nms', 'map'] as const;
export type HeadName = (typeof HEADS)[number];

/** Corners (`xyxy`, `yxyx`), or size with the top left corner (`xywh`) or the centre (`cxcywh`). */
export const BOX_FORMATS = ['xyxy', 'yxyx', 'xywh', 'cxcywh'] as const;
export type BoxFormat = (typeof BOX_FORMATS)[number];

const NAME = z.string().min(1).max(1024).optional();

export const DETECTION_SHAPE = {
  head: z.enum(HEADS),
  /** A file beside model.json with one class name per line. */
  labels: z.string().max(255, 'a file name has at most 255 characters').optional(),
  /** Names of the graph's inputs besides the image, if it has some. */
  inputs: z
    .strictObject({
      /** 1 for the pixels of the image, 0 for those of padding. */
      mask: NAME,
      /** Width and height of the model's input. */
      size: NAME,
    })
    .optional(),
  /** Names of the graph's outputs. Needed where several could be meant. */
  outputs: z
    .strictObject({
      /** Boxes and scores in one tensor. */
      predictions: NAME,
      boxes: NAME,
      scores: NAME,
      /** The class number of each box. */
      labels: NAME,
      /** How many boxes are valid. */
      count: NAME,
    })
    .optional(),
  /** Pixels per cell of each grid of `yolox`, in the order of the output. Absent: 8, 16, 32. */
  strides: z.array(z.int().min(1).max(512)).min(1).max(8).optional(),
  /**
   * How the values of `detr` become scores. Needed unless the output has one class more than there are labels, which is
   * "no object". Then it is softmax.
   */
  activation: ACTIVATION.optional(),
  /** Lowest probability of the places that `map` puts a box around. Absent: 0.3. */
  map_threshold: z.number().min(0).max(1).optional(),
  /** How much `map` grows boxes, as a share of area over circumference. Absent: 1.5. */
  grow: z.number().min(0).max(10).optional(),
  /** Absent: the usual format of the head. */
  box_format: z.enum(BOX_FORMATS).optional(),
  /** Whether boxes are in pixels of the input, or fractions of its sides. Absent: fractions for `detr`, else pixels. */
  box_units: z.enum(['pixels', 'fraction']).optional(),
  /** Lowest score of an answer. */
  threshold: z.number().min(0).max(1).default(0.25),
  /** Of two boxes of a class that overlap more than this, the better one stays. Absent: 0.45 for yolo heads, else all stay. */
  iou_threshold: z.number().min(0).max(1).optional(),
  /** Maximum number of boxes per image. */
  top_k: z.int().min(1).max(1000).default(100),
};

export type DetectionConfig = z.infer<z.ZodObject<typeof DETECTION_SHAPE>>;

const YOLO_IOU_THRESHOLD = 0.45;

/** Null: no suppression. */
export function iouThresholdOf({ head, iou_threshold }: DetectionConfig): number | null {
  return iou_threshold ?? (head.startsWith('yolo') ? YOLO_IOU_THRESHOLD : null);
}

/** The heads on which a field has an effect. */
const FIELD_HEADS: Readonly<Record<string, readonly HeadName[]>> = {
  strides: ['yolox'],
  activation: ['detr'],
  map_threshold: ['map'],
  grow: ['map'],
  box_format: ['yolov5', 'yolov8', 'detr', 'nms'],
  box_units: ['yolov5', 'yolov8', 'detr', 'nms'],
};

const OUTPUT_HEADS: Readonly<Record<string, readonly HeadName[]>> = {
  predictions: ['yolox', 'yolov5', 'yolov8', 'nms', 'map'],
  boxes: ['detr', 'nms'],
  scores: ['detr', 'nms'],
  labels: ['nms'],
  count: ['nms'],
};

/** Fields that have no effect on the config's head. */
export function detectionContradictions(raw: Readonly<Record<string, unknown>>): Issue[] {
  const outputs = (raw['outputs'] ?? {}) as Readonly<Record<string, unknown>>;
  const without = (fields: typeof FIELD_HEADS, given: Readonly<Record<string, unknown>>, at: string) =>
    Object.entries(fields)
      .filter(([field, heads]) => given[field] !== undefined && !heads.includes(raw['head'] as HeadName))
      .map(([field, heads]) => ({
        path: `${at}/${field}`,
        message: `has no effect with head "${String(raw['head'])}", only with ${heads.join(', ')}; leave it out`,
      }));
  return [...without(FIELD_HEADS, raw, ''), ...without(OUTPUT_HEADS, outputs, '/outputs')];
}
