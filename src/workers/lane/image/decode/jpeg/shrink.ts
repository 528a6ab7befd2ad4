/**
 * Which JPEGs libjpeg shrinks while it decodes for `decode: "shrink"`, and which resampler of libvips then resizes
 * them. Pure.
 */
import type { Preprocess } from '../../../../../shared/tasks/image/preprocess.ts';
import type { Interpolation, Size } from '../../resample/pillow-resampler.ts';
import type { Geometry } from '../geometry.ts';

export type LibvipsKernel = 'linear' | 'cubic' | 'lanczos3';

/** The libvips resampler for each interpolation. If libvips has none that follows Pillow, images are not shrunk. */
export const LIBVIPS_KERNELS: Readonly<Partial<Record<Interpolation, LibvipsKernel>>> = {
  bilinear: 'linear',
  bicubic: 'cubic',
  lanczos: 'lanczos3',
};

/**
 * Images are shrunk by 2, 4 or 8, to no less than twice the needed size. Pillow's `thumbnail` does the same with a
 * `reducing_gap` of 2. Below this ratio, nothing can be shrunk.
 */
const LEAST_RATIO = 4;

export function shrinks(
  { decode, interpolation, auto_orient }: Pick<Preprocess, 'decode' | 'interpolation' | 'auto_orient'>,
  { width, height }: Size,
  { resized }: Geometry,
): boolean {
  if (decode !== 'shrink' || auto_orient || LIBVIPS_KERNELS[interpolation] === undefined) return false;
  return Math.min(width / resized.width, height / resized.height) >= LEAST_RATIO;
}
