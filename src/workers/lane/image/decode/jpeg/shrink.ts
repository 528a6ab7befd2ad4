/** Which JPEGs libjpeg shrinks while it decodes for `decode: "shrink"`. Pure. */
import type { Preprocess } from '../../../../../shared/tasks/image/preprocess.ts';
import { canShrink } from '../../../../../shared/tasks/image/shrinking.ts';
import type { Size } from '../../resample/pillow-resampler.ts';
import type { Geometry } from '../geometry.ts';

/**
 * Images are shrunk by 2, 4 or 8, to no less than twice the needed size. Pillow's `thumbnail` does the same with a
 * `reducing_gap` of 2. Below this ratio, nothing can be shrunk.
 */
const LEAST_RATIO = 4;

export function shrinks(
  options: Pick<Preprocess, 'decode' | 'resize' | 'interpolation' | 'auto_orient'>,
  { width, height }: Size,
  { resized }: Geometry,
): boolean {
  if (options.decode !== 'shrink' || !canShrink(options)) return false;
  return Math.min(width / resized.width, height / resized.height) >= LEAST_RATIO;
}
