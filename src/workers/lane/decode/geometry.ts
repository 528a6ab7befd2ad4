/** Resize and centre crop as torchvision does them, in pixel coordinates. Pure arithmetic. */

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
  /** Where the window lies in the crop: above 0 where the image is smaller than the crop. */
  readonly pad: { readonly left: number; readonly top: number };
}

/**
 * torchvision 0.20, `Resize(int)` then `CenterCrop(int)` on Pillow images: the shorter side becomes `resize`,
 * the longer is truncated; crop offsets are rounded half to even; a smaller image is padded with zeros, the
 * odd pixel right and below.
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
    ? { width: side, height: Math.trunc((side * height) / width) }
    : { width: Math.trunc((side * width) / height), height: side };
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
