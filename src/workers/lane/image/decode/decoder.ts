/**
 * The interface of every image decoder: what it gets and what it must deliver. A decoder may be synchronous or asynchronous.
 * It knows nothing of models, tensors or files.
 */
import type { Preprocess } from '../../../../shared/tasks/image/preprocess.ts';
import type { ImageLimits } from '../../../../shared/files/row-limits.ts';
import type { Normalisation } from '../resample/kernel.ts';
import type { Geometry } from './geometry.ts';

/** The part of a model's config that a decoder needs. */
export type DecodeConfig = Pick<
  Preprocess,
  | 'resize'
  | 'crop'
  | 'channels'
  | 'pad'
  | 'align'
  | 'color_order'
  | 'interpolation'
  | 'icc'
  | 'auto_orient'
  | 'decode'
> & {
  /** The image as it is: not resized, and nothing cut off. */
  readonly whole?: true;
  /** The pixels before resizing are asked for, too. See DecodedWindow. */
  readonly keepOriginal?: boolean;
  /**
   * Models that want other windows of the same decoded pixels. See DecodedWindow. It is another array once they are other
   * models.
   */
  readonly beside?: (() => readonly DecodeConfig[]) | undefined;
};

/** The parameters of a decoder: one model, and the lane's limits. */
export type DecodeOptions = DecodeConfig & Omit<ImageLimits, 'decodeBudgetBytes'>;

/** RGB of 8 bits, height x width x channel, of the input's size. Grey has three equal channels. */
export type Pixels = Uint8Array;

/** The codec of ordinary JPEGs. `wasm`: those of ./jpeg/exact-codec.ts. */
export type JpegCodecName = 'turbo-native' | 'wasm' | 'sharp';

/** The kept part of the resized image. Valid only during the call of `take`, unless it is held. */
export interface DecodedWindow {
  /** Packed RGB, in memory that nobody uses again. */
  pixels(): Uint8Array;
  /** Width x height x 3 numbers. Absent if the pixels did not come through the kernel. */
  readonly normalised?: (normalisation: Normalisation) => Float32Array;
  /**
   * A copy of the pixels before resizing, as packed RGB. Absent if they are not all there, no longer as they were, or
   * not asked for (`keepOriginal`).
   */
  readonly original?: (() => Uint8Array) | undefined;
  /** See ResamplingKernel.hold. Absent if the pixels did not come through the kernel. */
  readonly hold?: (onReplace: () => void) => void;
  /** The windows of the configs in `beside`. Those that must be decoded again are missing. */
  readonly beside?: readonly BesideWindow[] | undefined;
}

export interface BesideWindow {
  readonly config: DecodeConfig;
  readonly window: DecodedWindow;
  readonly geometry: Geometry;
}

/** Runs the work and charges its time to decoding. */
export type Timed = <T>(work: () => T) => T;

export type TakeWindow<T> = (window: DecodedWindow, geometry: Geometry) => T;

export interface Decoder {
  /** The codec of JPEGs that are not shrunk while decoded. */
  readonly jpeg: JpegCodecName;
  /** Decodes to pixels. Otherwise works like decodeTo. */
  decode(image: Uint8Array): Promise<Pixels>;
  /**
   * Hands the window to `take` once and returns what `take` returns. Does so synchronously if nothing has to wait,
   * because promises would be a tenth of the cost of small images. If the format allows it, work for other threads has
   * started when the call returns. The caller may block this thread next. Throws or rejects with ForebayError
   * `unsupported_format`, `too_many_pixels`, `decompression_ratio` or `decode_failed`.
   */
  decodeTo<T>(image: Uint8Array, take: TakeWindow<T>): T | Promise<T>;
}

/** Larger images (72 MB of RGB) are not held whole if that can be avoided. */
export const HELD_PIXELS = 24_000_000;
