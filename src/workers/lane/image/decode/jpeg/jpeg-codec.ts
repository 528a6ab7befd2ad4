/**
 * The interface to a JPEG library. It decodes ordinary JPEGs to raw pixels, synchronously. A codec knows nothing of
 * configs, resizing or limits. If in doubt, it refuses.
 */
import type { Region, Size } from '../../resample/pillow-resampler.ts';

export interface JpegCodec {
  /**
   * Decodes an image to RGB, into the buffer that `room` returns for a number of bytes. `size`: as in the image's own
   * header. Returns the offset of the region's first pixel in the buffer, and the length of a line, in bytes. Returns
   * null if the library refuses or merely warns (truncated data, unusual colours). Then another decoder must judge the
   * image.
   */
  decode(
    image: Uint8Array,
    size: Size,
    region: Region,
    room: (length: number) => Uint8Array,
  ): { readonly offset: number; readonly stride: number } | null;
}
