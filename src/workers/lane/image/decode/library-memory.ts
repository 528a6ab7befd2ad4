/** What libvips and its libraries hold whole of an image that they decode, from what they say of its header. */
import type { Source } from './match-pillow.ts';
import type { ImageHeader } from './image-header.ts';
import { LINES_ONLY, type LibraryMemory } from './decode-memory.ts';

const MB = 2 ** 20;
/** Coefficients of 2 bytes a sample; with 4:2:0, half of the samples are left out. */
const COEFFICIENTS = { full: 6, shared: 3, cmyk: 8 } as const;

/** With a full set of colour samples; 4:2:0 takes 3 and 6 less, but sharp does not say which it is. */
const AVIF = { bits8: 18, bits10: 24 } as const;

/** What sharp says of an image. */
export interface Found {
  readonly channels: number;
  readonly depth: string;
  readonly orientation?: number | undefined;
  readonly isProgressive: boolean;
  readonly chromaSubsampling?: string | undefined;
}

/** Of a JPEG or PNG whose header is plain: 8 bits, no transparency. */
export function memoryOfPlain(format: ImageHeader['format'], progressive: boolean): LibraryMemory {
  if (!progressive) return LINES_ONLY;
  return { bytesPerPixel: format === 'jpeg' ? COEFFICIENTS.full : 3 };
}

export function memoryOf(format: ImageHeader['format'], found: Found, source: Source): LibraryMemory {
  const unpacked = found.channels * (SAMPLE_BYTES[found.depth] ?? LARGEST_SAMPLE_BYTES);
  // Lines cannot be turned as they come.
  const turned = source.upright && (found.orientation ?? 1) > 1 ? unpacked : 0;
  switch (format) {
    case 'jpeg': {
      return { bytesPerPixel: turned + (found.isProgressive ? coefficients(found) : 0) };
    }
    case 'png': {
      return { bytesPerPixel: Math.max(turned, found.isProgressive ? unpacked : 0) };
    }
    case 'gif': {
      return { bytesPerPixel: 4 };
    }
    case 'webp': {
      return { bytesPerPixel: turned + 7, fixedBytes: 32 * MB };
    }
    case 'avif': {
      return { bytesPerPixel: turned + (found.depth === 'uchar' ? AVIF.bits8 : AVIF.bits10) };
    }
    case 'tiff': {
      return { bytesPerPixel: turned, fixedBytes: source.tileLineBytes };
    }
  }
}

function coefficients({ channels, chromaSubsampling = '' }: Found): number {
  if (channels === 4) return COEFFICIENTS.cmyk;
  return chromaSubsampling.startsWith('4:2:0') ? COEFFICIENTS.shared : COEFFICIENTS.full;
}

const SAMPLE_BYTES: Readonly<Record<string, number>> = {
  char: 1,
  uchar: 1,
  short: 2,
  ushort: 2,
  int: 4,
  uint: 4,
  float: 4,
  double: 8,
};
const LARGEST_SAMPLE_BYTES = 16;
