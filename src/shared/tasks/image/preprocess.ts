/** How pixels become the input tensor. All image tasks share it. */
import { z } from 'zod';
import { DECODE_MODES } from './decode-mode.ts';

const per = (what: string) =>
  z
    .array(z.number(), `a list of one ${what}, or of one per channel (3), such as [0.5]`)
    .refine((v) => v.length === 1 || v.length === 3, { message: `one ${what}, or one per channel (3)` });

const SIDE = z.int().min(1).max(4096);
const SIZE = z.strictObject({ width: SIDE, height: SIDE });
const SHADE = z.int().min(0).max(255);

/** The filters of the resampling kernel, by Pillow's names. */
export const INTERPOLATIONS = ['bicubic', 'bilinear', 'lanczos', 'box', 'nearest'] as const;

const FIELDS = z.strictObject({
  /**
   * A number: the shorter side after resizing, in pixels. A size: exactly that, whatever the ratio (squash). `letterbox`: as
   * large as fits into `crop`. Not resized when absent.
   */
  resize: z.union([SIDE, SIZE, z.literal('letterbox')]).optional(),
  /** Size of the model's input, in pixels: one number for a square. What is larger is cropped, what is smaller is padded. */
  crop: z.union([SIDE, SIZE]),
  /** 1: grey, as by Pillow's `convert("L")`. Absent: 3. */
  channels: z.union([z.literal(1), z.literal(3)]).optional(),
  /** Pixel value around an image that is smaller than the input, or one per channel in tensor order. Absent: 0. */
  pad: z.union([SHADE, z.array(SHADE).length(3)]).optional(),
  /** Which part of an image larger than the input is kept, and where a smaller one is placed. Absent: the centre. */
  align: z.enum(['centre', 'top_left']).optional(),
  interpolation: z.enum(INTERPOLATIONS).default('bilinear'),
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

export type Preprocess = z.infer<typeof FIELDS>;

/** Optional fields of later versions have no defaults, because a default would change the hashes of older models. */
export const PREPROCESS = FIELDS.superRefine((preprocess, context) => {
  if (preprocess.channels !== 1) return;
  for (const field of ['mean', 'std', 'pad'] as const) {
    const values = preprocess[field];
    // The defaults for three channels are the same number three times.
    if (!Array.isArray(values) || values.every((value) => value === values[0])) continue;
    const message = 'one number, because preprocess.channels is 1';
    context.addIssue({ code: 'custom', path: [field], message });
  }
});

/** The size of the model's input. */
export function inputSize({ crop }: Pick<Preprocess, 'crop'>): z.infer<typeof SIZE> {
  return typeof crop === 'number' ? { width: crop, height: crop } : crop;
}

export function channelCount({ channels }: Pick<Preprocess, 'channels'>): 1 | 3 {
  return channels ?? 3;
}

/** Bytes of one row's input tensor, as float32. */
export function pixelBytes(preprocess: Preprocess): number {
  const { width, height } = inputSize(preprocess);
  return width * height * channelCount(preprocess) * 4;
}
