/**
 * The seam between encoded images and pixels: what any decoder is given and must deliver. A decoder may be
 * synchronous or asynchronous; it knows nothing of models, tensors or files.
 */
import type { Preprocess } from '../../../../shared/domain/model-config.ts';
import type { ImageLimits } from '../../../../shared/files/row-limits.ts';
import type { Normalisation } from '../resample/kernel.ts';
import type { Geometry } from './geometry.ts';

/** What a decoder needs of a model's config. */
export type DecodeConfig = Pick<
  Preprocess,
  'resize' | 'crop' | 'interpolation' | 'icc' | 'auto_orient' | 'decode'
>;

/** What a decoder is made for: one model, and the lane's limits. */
export type DecodeOptions = DecodeConfig & Omit<ImageLimits, 'decodeBudgetBytes'>;

/** RGB, 8 bits, height x width x channel, crop x crop pixels; where the image is smaller, black around it. */
export type Pixels = Uint8Array;

/** What decodes ordinary JPEGs. */
export type JpegCodecName = 'turbo-native' | 'turbo-wasm' | 'sharp';

/** The resized image's kept part, as the decoder has it; valid only while it is being handed over. */
export interface DecodedWindow {
  /** Packed RGB. */
  pixels(): Uint8Array;
  /** Width x height x 3 numbers. Absent where the pixels did not come through the kernel. */
  readonly normalised?: (normalisation: Normalisation) => Float32Array;
}

/** Does the work, and takes its time. */
export type Timed = <T>(work: () => T) => T;

export type TakeWindow<T> = (window: DecodedWindow, geometry: Geometry) => T;

export interface Decoder {
  /** The codec of JPEGs that are not shrunk while decoded. */
  readonly jpeg: JpegCodecName;
  /** As decodeTo, to pixels. */
  decode(image: Uint8Array): Promise<Pixels>;
  /**
   * Hands the window to `take`, once, and returns what that makes of it: at once where nothing is waited for, since
   * promises would be a tenth of what small images cost. Throws or rejects with ForebayError `unsupported_format`,
   * `too_many_pixels`, `decompression_ratio` or `decode_failed`. Work that can run off this thread has been started when the
   * call returns, where the format allows it: the caller may be about to block the thread for long.
   */
  decodeTo<T>(image: Uint8Array, take: TakeWindow<T>): T | Promise<T>;
}

/** Images above this are not held raw, 3 bytes a pixel, where that can be avoided: 72 MB. */
export const HELD_PIXELS = 24_000_000;
