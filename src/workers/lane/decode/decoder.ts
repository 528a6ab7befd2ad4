/**
 * The seam between encoded images and pixels: what any decoder is given and must deliver. A decoder may be
 * synchronous or asynchronous; it knows nothing of models, tensors or files.
 */
import type { Preprocess } from '../../../shared/domain/model-contract.ts';

/** What a decoder needs of the contract and the limits; fixed for the life of a model. */
export interface DecodeOptions extends Pick<
  Preprocess,
  'resize' | 'crop' | 'interpolation' | 'icc' | 'auto_orient' | 'decode'
> {
  /** Largest accepted image, width x height. */
  readonly maxPixels: number;
}

/** RGB, 8 bits, height x width x channel, crop x crop pixels; where the image is smaller, black around it. */
export type Pixels = Uint8Array;

export interface Decoder {
  /**
   * Throws (or rejects with) ForebayError `unsupported_format`, `too_many_pixels` or `decode_failed`. Work that can run off
   * this thread has been started when the call returns, where the format allows it: the caller may be about
   * to block the thread for long.
   */
  decode(image: Uint8Array): Pixels | Promise<Pixels>;
}

/** Images above this are not held raw, 3 bytes a pixel, where that can be avoided: 72 MB. */
export const HELD_PIXELS = 24_000_000;
