import type { Preprocess } from './preprocess.ts';

/** A size or a side of `preprocess` in words, such as `224` or `640 x 480`. */
export function sizeText(size: NonNullable<Preprocess['resize']>): string {
  return typeof size === 'object' ? `${size.width} x ${size.height}` : String(size);
}
