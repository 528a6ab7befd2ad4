/** Computes resizing, cropping and padding in whole pixels. Pure. */
import { inputSize, type Preprocess } from '../../../../shared/tasks/image/preprocess.ts';
import type { Region, Size } from '../resample/pillow-resampler.ts';

export interface Geometry {
  /** The image before resizing. It is upright if the decoder applies the stored orientation. */
  readonly source: Size;
  /** The whole image after resizing. */
  readonly resized: Size;
  /** The part of the resized image that is kept. */
  readonly window: Region;
  /** The position of the window in the model's input. Above 0 only if a centred image is smaller than the input. */
  readonly pad: { readonly left: number; readonly top: number };
}

export type GeometryConfig = Pick<Preprocess, 'resize' | 'crop' | 'align'> & {
  /** See DecodeConfig. */
  readonly whole?: true;
};

/**
 * Follows torchvision 0.20, `Resize` and `CenterCrop(int)` on Pillow images, except for `longerSide`. Crop offsets are
 * rounded half to even. A smaller image is padded, with the odd pixel right and below.
 */
export function planGeometry(source: Size, config: GeometryConfig): Geometry {
  if (config.whole) return wholeGeometry(source);
  const input = inputSize(config);
  const resized = resizedSize(source, config.resize, input);
  const axis = config.align === 'top_left' ? alignedAxis : centredAxis;
  const x = axis(resized.width, input.width);
  const y = axis(resized.height, input.height);
  return {
    source,
    resized,
    window: { left: x.offset, top: y.offset, width: x.size, height: y.size },
    pad: { left: x.pad, top: y.pad },
  };
}

/** The geometry of an image that has exactly the size of the input. */
export function wholeGeometry(size: Size): Geometry {
  return { source: size, resized: size, window: { left: 0, top: 0, ...size }, pad: { left: 0, top: 0 } };
}

function resizedSize(source: Size, resize: Preprocess['resize'], input: Size): Size {
  if (resize === undefined) return source;
  if (typeof resize === 'number') return shorterSideTo(resize, source);
  return resize === 'letterbox' ? fitted(source, input) : resize;
}

function shorterSideTo(side: number, { width, height }: Size): Size {
  return width <= height
    ? { width: side, height: longerSide(side, width, height) }
    : { width: longerSide(side, height, width), height: side };
}

/**
 * Rounds to the nearest whole number of pixels, which keeps the aspect ratio best (ADR 5). torchvision truncates.
 * Truncation gives the same length for the usual ratios (1:1, 4:3, 3:2, 16:9), and one pixel less for half of the
 * others.
 */
function longerSide(side: number, short: number, long: number): number {
  return roundHalfToEven((side * long) / short);
}

/** As large as fits into the input, at least one pixel. Rounds like `longerSide`. */
function fitted({ width, height }: Size, input: Size): Size {
  const least = (length: number) => Math.max(1, roundHalfToEven(length));
  return input.width * height <= input.height * width
    ? { width: input.width, height: least((input.width * height) / width) }
    : { width: least((input.height * width) / height), height: input.height };
}

interface KeptAxis {
  readonly offset: number;
  readonly size: number;
  readonly pad: number;
}

function centredAxis(length: number, input: number): KeptAxis {
  if (length <= input) return { offset: 0, size: length, pad: Math.floor((input - length) / 2) };
  return { offset: roundHalfToEven((length - input) / 2), size: input, pad: 0 };
}

function alignedAxis(length: number, input: number): KeptAxis {
  return { offset: 0, size: Math.min(length, input), pad: 0 };
}

function roundHalfToEven(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}
