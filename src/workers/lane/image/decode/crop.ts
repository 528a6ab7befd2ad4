/**
 * The steps around resizing that every decoder shares: limits on pixels, the window, and padding to the size of the
 * input.
 */
import { ForebayError } from '../../../../shared/errors.ts';
import type { ResamplingKernel, SourceUse } from '../resample/kernel.ts';
import type { ResamplingPlan, Size } from '../resample/pillow-resampler.ts';
import type {
  BesideWindow,
  DecodeConfig,
  DecodedWindow,
  DecodeOptions,
  Pixels,
  TakeWindow,
} from './decoder.ts';
import { planGeometry, type Geometry, type GeometryConfig } from './geometry.ts';
import { inputFrame, type FrameConfig, type InputFrame } from './input-frame.ts';

/** Throws ForebayError `too_many_pixels`. `when`: what the message says after the size, such as ", once resized". */
export function checkPixels({ width, height }: Size, maxPixels: number, when = ''): void {
  if (width * height <= maxPixels) return;
  throw new ForebayError(
    'too_many_pixels',
    `${width} x ${height} pixels${when}; the limit is ${maxPixels} in all: raise FOREBAY_MAX_MEGAPIXELS or send a smaller image`,
  );
}

/**
 * The ratio of smaller images is not checked. They decode in a few tens of milliseconds, and images of one colour reach
 * high ratios.
 */
const RATIO_FLOOR_PIXELS = 16_000_000;

/** Throws ForebayError `decompression_ratio`. */
export function checkRatio({ width, height }: Size, encodedBytes: number, maxImageRatio: number): void {
  const pixels = width * height;
  if (pixels <= RATIO_FLOOR_PIXELS || pixels * 3 <= encodedBytes * maxImageRatio) return;
  throw new ForebayError(
    'decompression_ratio',
    `${width} x ${height} pixels out of ${encodedBytes} bytes, more than ${maxImageRatio} decoded bytes per encoded byte; ` +
      'if the image is genuine, raise FOREBAY_MAX_IMAGE_RATIO or send a smaller image',
  );
}

/**
 * Plans the geometry of an image within the limits. Every decoder calls it before its first pixel. Throws ForebayError
 * `too_many_pixels`, also if resizing makes the image too large, and `decompression_ratio`.
 */
export function checkedGeometry(size: Size, encodedBytes: number, options: GeometryOptions): Geometry {
  const { maxPixels } = options;
  checkPixels(size, maxPixels);
  checkRatio(size, encodedBytes, options.maxImageRatio);
  const geometry = planGeometry(size, options);
  const { resize } = options;
  const how = typeof resize === 'number' ? ` to a shorter side of ${resize}` : '';
  checkPixels(geometry.resized, maxPixels, `, once resized${how}`);
  return geometry;
}

export type GeometryOptions = GeometryConfig & Pick<DecodeOptions, 'maxPixels' | 'maxImageRatio'>;

/** What the kernel does with the pixels of a decoder's images. Grey images are never kept as they were. */
export function sourceUse({ channels, keepOriginal = false }: DecodeConfig): SourceUse {
  const grey = channels === 1;
  return { grey, keep: keepOriginal && !grey };
}

/** The window of the image that the kernel has got. */
export function kernelWindow(
  kernel: ResamplingKernel,
  plan: ResamplingPlan,
  { keep }: SourceUse,
  beside?: readonly BesideWindow[],
): DecodedWindow {
  return {
    pixels: () => kernel.resample(),
    normalised: (normalisation) => kernel.normalise(normalisation),
    // Always present, because a spread per image costs more than the rest of this function.
    original: keep && plan.whole ? () => kernel.original() : undefined,
    hold: (onReplace) => kernel.hold(onReplace),
    beside,
  };
}

/** Turns a window into pixels. */
export function toCrop(config: FrameConfig): TakeWindow<Pixels> {
  const frame = inputFrame(config);
  return (window, geometry) => fitCrop(window.pixels(), geometry, frame);
}

/** Pads the window if the image is smaller than the input. Throws ForebayError `decode_failed`. */
export function fitCrop(pixels: Uint8Array, { window, pad }: Geometry, frame: InputFrame): Pixels {
  checkLength(pixels, window);
  const { width, height } = frame;
  if (window.width === width && window.height === height) return pixels;
  const padded = plainPixels(frame);
  const stride = window.width * 3;
  for (let y = 0; y < window.height; y++) {
    padded.set(pixels.subarray(y * stride, (y + 1) * stride), ((pad.top + y) * width + pad.left) * 3);
  }
  return padded;
}

/** Pixels of the colour that surrounds smaller images. */
function plainPixels({ width, height, pad }: InputFrame): Uint8Array {
  const pixels = new Uint8Array(width * height * 3);
  const [red, green, blue] = pad;
  if (red === green && green === blue) return pixels.fill(red);
  for (let at = 0; at < pixels.length; at += 3) pixels.set(pad, at);
  return pixels;
}

/** Throws ForebayError `decode_failed` unless these are packed RGB of that size. */
export function checkLength(pixels: Uint8Array, { width, height }: Size): void {
  if (pixels.length === width * height * 3) return;
  throw new ForebayError(
    'decode_failed',
    `the image decoded to ${pixels.length} bytes, not to ${width} x ${height} RGB`,
  );
}
