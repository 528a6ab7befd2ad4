/** Computes resize and centre crop in whole pixels. Pure. */

export interface Geometry {
  /** The whole image after resizing. */
  readonly resized: { readonly width: number; readonly height: number };
  /** The part of the resized image that is kept. */
  readonly window: {
    readonly left: number;
    readonly top: number;
    readonly width: number;
    readonly height: number;
  };
  /** The position of the window in the crop. Above 0 if the image is smaller than the crop. */
  readonly pad: { readonly left: number; readonly top: number };
}

/**
 * Follows torchvision 0.20, `Resize(int)` and `CenterCrop(int)` on Pillow images, except for `longerSide`. The shorter
 * side becomes `resize`. Crop offsets are rounded half to even. A smaller image is padded with zeros, with the odd pixel
 * right and below.
 */
export function planGeometry(
  width: number,
  height: number,
  resize: number | undefined,
  crop: number,
): Geometry {
  const resized = resize === undefined ? { width, height } : resizedSize(width, height, resize);
  const x = cropAxis(resized.width, crop);
  const y = cropAxis(resized.height, crop);
  return {
    resized,
    window: { left: x.offset, top: y.offset, width: x.size, height: y.size },
    pad: { left: x.pad, top: y.pad },
  };
}

function resizedSize(width: number, height: number, side: number): { width: number; height: number } {
  return width <= height
    ? { width: side, height: longerSide(side, width, height) }
    : { width: longerSide(side, height, width), height: side };
}

/**
 * Rounds to the nearest whole number of pixels, which keeps the aspect ratio best (ADR 5). torchvision truncates.
 * Truncation gives the same length for the usual ratios (1:1, 4:3, 3:2, 16:9), and one pixel less for half of the others.
 */
function longerSide(side: number, short: number, long: number): number {
  return roundHalfToEven((side * long) / short);
}

function cropAxis(length: number, crop: number): { offset: number; size: number; pad: number } {
  if (length <= crop) return { offset: 0, size: length, pad: Math.floor((crop - length) / 2) };
  return { offset: roundHalfToEven((length - crop) / 2), size: crop, pad: 0 };
}

function roundHalfToEven(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}
