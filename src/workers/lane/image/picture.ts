/** Whole decoded images, and parts of them as rows. */
import type { Region, Size } from './resample/pillow-resampler.ts';

/** RGB of 8 bits, line by line. */
export interface Picture extends Size {
  readonly pixels: Uint8Array;
}

/** A part of a picture that an image model gets as a row. It is made up in the lane. See TaskInput. */
export class PicturePart {
  readonly picture: Picture;
  readonly region: Region;

  constructor(picture: Picture, region: Region) {
    this.picture = picture;
    this.region = region;
  }

  /** The size of the part. */
  get size(): Size {
    const { width, height } = this.region;
    return { width, height };
  }

  /** `region`: relative to this part. */
  within({ left, top, width, height }: Region): PicturePart {
    return new PicturePart(this.picture, {
      left: this.region.left + left,
      top: this.region.top + top,
      width,
      height,
    });
  }

  /** The same part with pixels of its own. So whoever holds it does not hold the whole picture. */
  alone(): PicturePart {
    const { width, height } = this.size;
    if (width === this.picture.width && height === this.picture.height) return this;
    const pixels = new Uint8Array(width * height * 3);
    this.copy({ left: 0, top: 0, width, height }, pixels);
    return wholePart({ width, height, pixels });
  }

  /** Writes the pixels of a region of this part into `to`, line by line without gaps. */
  copy({ left, top, width, height }: Region, to: Uint8Array): void {
    const stride = this.picture.width * 3;
    const first = (this.region.top + top) * stride + (this.region.left + left) * 3;
    for (let y = 0; y < height; y++) {
      const from = first + y * stride;
      to.set(this.picture.pixels.subarray(from, from + width * 3), y * width * 3);
    }
  }
}

/** The whole picture as a row. */
export function wholePart(picture: Picture): PicturePart {
  return new PicturePart(picture, { left: 0, top: 0, width: picture.width, height: picture.height });
}
