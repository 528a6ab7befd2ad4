/**
 * Estimates the memory that decoding an image takes, from its header. The figures come from the peak of resident memory in
 * `npm run bench -- decode-memory`. docs/model-config.md has the table.
 */
import { ForebayError } from '../../../../../shared/errors.ts';
import type { Size } from '../../resample/pillow-resampler.ts';

/** The memory of a library while it decodes an image, beyond a few lines of pixels. */
export interface LibraryMemory {
  readonly bytesPerPixel: number;
  /** The memory of the library itself, for an image of any size. */
  readonly fixedBytes?: number;
}

export const LINES_ONLY: LibraryMemory = { bytesPerPixel: 0 };

/**
 * The way of the pixels. `library`: it returns RGB of the whole image, which goes into the resampler. `codec`: the same, and
 * the codec keeps its memory meanwhile. `direct`: the codec writes RGB of the whole image into the resampler. `libvips`:
 * it resizes line by line.
 */
export type Path = 'library' | 'codec' | 'direct' | 'libvips';

const RGB_BYTES = 3;
/** Bytes per pixel for lines in flight, tables and results. */
const MARGIN = 1;
/** Bytes per pixel of a resampler that gets strips. It holds far less, but a codec holds a copy of the file, too. */
const STRIPS = 1;

/** `whole`: whether the resampler holds all pixels. */
export function decodeBytes(
  { width, height }: Size,
  library: LibraryMemory,
  path: Path,
  whole: boolean,
): number {
  return width * height * bytesPerPixel(library, path, whole) + (library.fixedBytes ?? 0);
}

export function bytesPerPixel(library: LibraryMemory, path: Path, whole: boolean): number {
  return library.bytesPerPixel + MARGIN + pathBytes(library.bytesPerPixel, path, whole ? RGB_BYTES : STRIPS);
}

function pathBytes(libraryBytes: number, path: Path, resamplerBytes: number): number {
  if (path === 'libvips') return 0;
  if (path === 'direct') return RGB_BYTES;
  if (path === 'codec') return RGB_BYTES + resamplerBytes;
  // The library frees its memory before the resampler gets the pixels, so the two do not add up.
  return Math.max(RGB_BYTES, RGB_BYTES + resamplerBytes - libraryBytes);
}

/** Throws ForebayError `too_many_pixels`. `what`: the format, such as "JPEG". */
export function checkDecodeBytes(
  bytes: number,
  { width, height }: Size,
  what: string,
  { maxDecodeBytes }: { readonly maxDecodeBytes: number },
): void {
  if (bytes <= maxDecodeBytes) return;
  throw new ForebayError(
    'too_many_pixels',
    `${width} x ${height} pixels of ${what} take ${megabytes(bytes)} to decode; the limit is ` +
      `${megabytes(maxDecodeBytes)}: raise FOREBAY_MAX_DECODE_MB or send a smaller image`,
  );
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MB`;
}
