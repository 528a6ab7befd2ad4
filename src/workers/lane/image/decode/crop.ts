/**
 * The steps around resizing that every decoder shares: checks the limits on pixels, hands over the window, pads the crop
 * with black.
 */
import { ForebayError } from '../../../../shared/errors.ts';
import type { ResamplingKernel } from '../resample/kernel.ts';
import type { ResamplingPlan, Size } from '../resample/pillow-resampler.ts';
import type { DecodedWindow, DecodeOptions, Pixels, TakeWindow } from './decoder.ts';
import { planGeometry, type Geometry } from './geometry.ts';

/** Throws ForebayError `too_many_pixels`. `when` completes the size: ", once resized to ...". */
export function checkPixels({ width, height }: Size, maxPixels: number, when = ''): void {
  if (width * height <= maxPixels) return;
  throw new ForebayError(
    'too_many_pixels',
    `${width} x ${height} pixels${when}; the limit is ${maxPixels} in all: raise FOREBAY_MAX_MEGAPIXELS or send a smaller image`,
  );
}

/**
 * The ratio of smaller images is not checked. They decode in a few tens of milliseconds, and plain ones reach high
 * ratios.
 */
const RATIO_FLOOR_PIXELS = 16_000_000;

/** Throws ForebayError `decompression_ratio`. */
function checkRatio({ width, height }: Size, encodedBytes: number, maxImageRatio: number): void {
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
export function checkedGeometry(
  size: Size,
  encodedBytes: number,
  { resize, crop, maxPixels, maxImageRatio }: GeometryOptions,
): Geometry {
  checkPixels(size, maxPixels);
  checkRatio(size, encodedBytes, maxImageRatio);
  const geometry = planGeometry(size.width, size.height, resize, crop);
  checkPixels(geometry.resized, maxPixels, `, once resized to a shorter side of ${resize}`);
  return geometry;
}

export type GeometryOptions = Pick<DecodeOptions, 'resize' | 'crop' | 'maxPixels' | 'maxImageRatio'>;

/** The window of the source that the kernel holds. `offset`, `stride`: as in ResamplingKernel.resample. */
export function kernelWindow(
  kernel: ResamplingKernel,
  plan: ResamplingPlan,
  offset: number,
  stride: number,
): DecodedWindow {
  return {
    pixels: () => kernel.resample(plan, offset, stride),
    normalised: (normalisation) => kernel.normalise(plan, offset, stride, normalisation),
  };
}

/** Turns a window into pixels. */
export function toCrop(crop: number): TakeWindow<Pixels> {
  return (window, geometry) => fitCrop(window.pixels(), geometry, crop);
}

/** Pads the window with black if the image is smaller than the crop. Throws ForebayError `decode_failed`. */
export function fitCrop(pixels: Uint8Array, { window, pad }: Geometry, crop: number): Pixels {
  checkLength(pixels, window);
  if (window.width === crop && window.height === crop) return pixels;
  const padded = new Uint8Array(crop * crop * 3);
  const stride = window.width * 3;
  for (let y = 0; y < window.height; y++) {
    padded.set(pixels.subarray(y * stride, (y + 1) * stride), ((pad.top + y) * crop + pad.left) * 3);
  }
  return padded;
}

/** Throws ForebayError `decode_failed` unless these are packed RGB of that size. */
export function checkLength(pixels: Uint8Array, { width, height }: Size): void {
  if (pixels.length === width * height * 3) return;
  throw new ForebayError(
    'decode_failed',
    `the image decoded to ${pixels.length} bytes, not to ${width} x ${height} RGB`,
  );
}
