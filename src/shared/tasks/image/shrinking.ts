/** Whether `decode: "shrink"` can shrink JPEGs for a config. Plans and lanes use the same rule. Pure. */
import type { Preprocess } from './preprocess.ts';

export type LibvipsKernel = 'linear' | 'cubic' | 'lanczos3';

/** The libvips resampler for each interpolation. Absent if libvips has none that follows Pillow. */
export const LIBVIPS_KERNELS: Readonly<Partial<Record<Preprocess['interpolation'], LibvipsKernel>>> = {
  bilinear: 'linear',
  bicubic: 'cubic',
  lanczos: 'lanczos3',
};

/** libvips resizes what libjpeg has shrunk. An image that keeps its size must not be shrunk. */
export function canShrink({
  resize,
  interpolation,
  auto_orient,
}: Pick<Preprocess, 'resize' | 'interpolation' | 'auto_orient'>): boolean {
  return resize !== undefined && !auto_orient && LIBVIPS_KERNELS[interpolation] !== undefined;
}
