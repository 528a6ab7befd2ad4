/** How pixels become the input tensor. All image tasks share it. */
import { z } from 'zod';
import { DECODE_MODES } from './decode-mode.ts';

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

export type Preprocess = z.infer<typeof PREPROCESS>;

/** Bytes of one row's input tensor, as float32. */
export function pixelBytes({ crop }: Preprocess): number {
  return crop ** 2 * 3 * 4;
}
