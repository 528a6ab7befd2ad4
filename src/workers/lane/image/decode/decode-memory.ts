/**
 * What decoding an image takes, known before its first pixel from what headers say. Measured by
 * `npm run bench -- decode-memory`, as the peak of resident memory; docs/model-config.md has the table.
 */
import { ForebayError } from '../../../../shared/errors.ts';
import type { Size } from '../resample/pillow-resampler.ts';

/** What of an image the library holds whole while it decodes, bytes a pixel. Else it holds some lines. */
export interface LibraryMemory {
  readonly bytesPerPixel: number;
  /** Of the library itself, whatever the size. */
  readonly fixedBytes?: number;
}

export const LINES_ONLY: LibraryMemory = { bytesPerPixel: 0 };

/**
 * Where the pixels go: `kernel`, RGB of the whole image, copied into the resampler; `codec`, the codec's own copy of it
 * besides; `libvips`, which resizes line by line.
 */
export type Path = 'kernel' | 'codec' | 'libvips';

const RGB_BYTES = 3;
/** Lines in flight, tables, results. */
const MARGIN = 1;

export function decodeBytes({ width, height }: Size, held: LibraryMemory, path: Path): number {
  return width * height * bytesPerPixel(held, path) + (held.fixedBytes ?? 0);
}

export function bytesPerPixel(held: LibraryMemory, path: Path): number {
  return held.bytesPerPixel + MARGIN + pathBytes(held.bytesPerPixel, path);
}

function pathBytes(heldBytes: number, path: Path): number {
  if (path === 'libvips') return 0;
  if (path === 'codec') return 2 * RGB_BYTES;
  // What the library held is free before the kernel has its copy.
  return Math.max(RGB_BYTES, 2 * RGB_BYTES - heldBytes);
}

/** Throws ForebayError `too_many_pixels`. `what`: "a progressive JPEG". */
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
      `${megabytes(maxDecodeBytes)}: raise FOREBAY_MAX_DECODE_MB or send the image smaller`,
  );
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MB`;
}
