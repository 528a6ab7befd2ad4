/** Which JPEGs `decode: "shrink"` has libjpeg shrink while it decodes, and by which of libvips' resamplers. Pure. */
import type { Preprocess } from '../../../../shared/domain/model-config.ts';
import type { Interpolation, Size } from '../resample/pillow-resampler.ts';
import type { Geometry } from './geometry.ts';

export type LibvipsKernel = 'linear' | 'cubic' | 'lanczos3';

/** Of libvips; where it has none that follows Pillow, images are not shrunk. */
export const LIBVIPS_KERNELS: Readonly<Partial<Record<Interpolation, LibvipsKernel>>> = {
  bilinear: 'linear',
  bicubic: 'cubic',
  lanczos: 'lanczos3',
};

/**
 * Images are shrunk by 2, 4 or 8, to no less than twice the size that is needed, as Pillow's `thumbnail` does with
 * its `reducing_gap` of 2. Below four times that size there is nothing to shrink.
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
