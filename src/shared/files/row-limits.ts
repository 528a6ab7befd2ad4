/** Limits on what rows may cost a lane. A lane gets its limits once, when it starts. */
import type { InputFolders } from './input-folders.ts';

/** Limits on the encoded bytes of rows. */
export interface FileLimits extends InputFolders {
  /** Largest accepted encoded row, in bytes. */
  readonly maxFileBytes: number;
  /** Bytes of local files that a lane may hold. It opens the next file only while it holds fewer. */
  readonly maxHeldBytes: number;
}

/** Limits on the images that rows decode to. */
export interface ImageLimits {
  /** Largest accepted image, width x height. */
  readonly maxPixels: number;
  /** Maximum decoded bytes, 3 per pixel, for each encoded byte of a large image. */
  readonly maxImageRatio: number;
  /** Maximum memory for decoding one image, in bytes. */
  readonly maxDecodeBytes: number;
  /** Maximum memory for all images that are being decoded, in bytes. One image may always start. */
  readonly decodeBudgetBytes: number;
}

export interface RowLimits extends FileLimits, ImageLimits {}
