/**
 * The seam to a JPEG library: ordinary JPEGs to raw pixels, at once and on this thread. A codec knows nothing
 * of configs, resizing or limits, and refuses rather than guesses.
 */
import type { Region, Size } from '../resample/pillow-resampler.ts';

export interface JpegCodec {
  /**
   * Decodes an image of that size (by its own header) to RGB. `room` gives the buffer to fill for so many
   * bytes. Returns where the region's first pixel lies in it and the length of a line, in bytes; null where
   * the library refuses, or so much as warns (truncated data, unusual colours): another decoder must tell.
   */
  decode(
    image: Uint8Array,
    size: Size,
    region: Region,
    room: (length: number) => Uint8Array,
  ): { readonly offset: number; readonly stride: number } | null;
}
