/**
 * The model config (`model.json`). It describes what the ONNX graph does not: how pixels become the input tensor, and how
 * outputs become answers. Names, dtype, shape and batch come from the graph.
 */
import { z } from 'zod';
import { DECODE_MODES } from './decode-mode.ts';

const auto = <T extends z.ZodType>(schema: T) => z.union([z.literal('auto'), schema]);

const per = (what: string) =>
  z
    .array(z.number())
    .refine((v) => v.length === 1 || v.length === 3, { message: `one ${what}, or one per channel (3)` });

export const PREPROCESS = z.strictObject({
  /** Shorter side after resizing, in pixels; no resize when absent. */
  resize: z.int().min(1).max(4096).optional(),
  /** Side of the centre crop, in pixels: height and width of the model's input. */
  crop: z.int().min(1).max(4096),
  interpolation: z.enum(['bicubic', 'bilinear', 'lanczos', 'box', 'nearest']).default('bilinear'),
  /** Channel order of the tensor. */
  color_order: z.enum(['rgb', 'bgr']).default('rgb'),
  /** Tensor value = (pixel * rescale - mean) / std, pixel in 0..255, mean and std in tensor channel order. */
  rescale: z.number().default(1 / 255),
  mean: per('mean').default([0, 0, 0]),
  std: per('std')
    .refine((v) => v.every((x) => x !== 0), { message: 'std must not be 0' })
    .default([1, 1, 1]),
  /** `ignore`: ignore the profile, like Pillow and torchvision. `convert`: convert to sRGB with the embedded profile. */
  icc: z.enum(['ignore', 'convert']).default('ignore'),
  /** Apply the EXIF orientation. Pillow and torchvision do not. */
  auto_orient: z.boolean().default(false),
  /** See decode-mode.ts. */
  decode: z.enum(DECODE_MODES).default('exact'),
});

/**
 * `softmax`: the numbers are logits of classes that exclude each other. `sigmoid`: they are logits of independent classes,
 * or of one class. `none`: they are scores already.
 */
export const ACTIVATION = z.enum(['softmax', 'sigmoid', 'none']);
export type Activation = z.infer<typeof ACTIVATION>;

export const MODEL_CONFIG = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'lower-case letters, digits, ".", "_", "-"; 64 at most'),
  task: z.literal('image-classification'),
  preprocess: PREPROCESS,
  /** A file beside model.json with one class name per line. */
  labels: z.string().max(255, 'a file name has at most 255 characters').optional(),
  /** The graph's output that holds the class scores. Required if several outputs could. */
  output: z.string().min(1).max(1024).optional(),
  /** How the output's numbers become scores (activationOf). */
  activation: ACTIVATION.optional(),
  /** The older form of `activation`: true is "softmax". */
  softmax: z.boolean().default(false),
  top_k: z.int().min(1).max(1000).default(5),
  batching: z
    .strictObject({
      batch_size: auto(z.int().min(1).max(1024)).default('auto'),
      max_wait_ms: z.int().min(0).max(60_000).default(50),
      /** Timeout of a batch, including decoding. Absent: the worker's setting. */
      timeout_s: z.int().min(1).max(86_400).optional(),
    })
    .default({ batch_size: 'auto', max_wait_ms: 50 }),
  lanes: auto(z.int().min(1).max(256)).default('auto'),
  threads_per_lane: auto(z.int().min(1).max(256)).default('auto'),
  pool: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,31}$/)
    .default('default'),
  execution_providers: z
    .array(z.enum(['cpu', 'webgpu', 'cuda']))
    .min(1)
    .default(['cpu']),
});

export type ModelConfig = z.infer<typeof MODEL_CONFIG>;
export type Preprocess = z.infer<typeof PREPROCESS>;

/** The activation, from either `activation` or the older `softmax`. */
export function activationOf(config: Pick<ModelConfig, 'activation' | 'softmax'>): Activation {
  return config.activation ?? (config.softmax ? 'softmax' : 'none');
}

/** A model as jobs and queues know it: by name, content hash and pool. */
export interface ModelRef {
  readonly name: string;
  /** Hex SHA-256 over the config, the graph with its external data, and the labels. */
  readonly hash: string;
  readonly pool: string;
}
