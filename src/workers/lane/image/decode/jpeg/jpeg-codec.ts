/**
 * The interface to a JPEG library. It decodes ordinary JPEGs to raw pixels, synchronously. A codec knows nothing of
 * configs, resizing or limits. If in doubt, it refuses.
 */
import type { PixelRoom } from '../../resample/kernel.ts';
import type { Region, Size } from '../../resample/pillow-resampler.ts';

export interface JpegCodec {
  /**
   * Decodes a region of an image to RGB, into `room`. `size`: as in the image's own header. Returns false if the library
   * refuses or merely warns (truncated data, unusual colours). Then another decoder must judge the image.
   */
  decode(image: Uint8Array, size: Size, region: Region, room: PixelRoom): boolean;
}
