/** How much of an image libvips and its libraries hold in memory while they decode it, by format and header. */
import type { Source } from '../formats/match-pillow.ts';
import type { ImageHeader } from '../formats/image-header.ts';
import { LINES_ONLY, type LibraryMemory } from './decode-memory.ts';

const MB = 2 ** 20;
/** Bytes per pixel of coefficients, 2 bytes per sample. 4:2:0 has half of the samples. */
const COEFFICIENTS = { full: 6, shared: 3, cmyk: 8 } as const;

/**
 * Bytes per pixel with a full set of colour samples. 4:2:0 takes 3 less (8 bits) or 6 less (10 bits), but sharp does
 * not report the subsampling.
 */
const AVIF = { bits8: 18, bits10: 24 } as const;

/** Lines of a TIFF with more than 8 bits per sample. Samples of 32 bits take most. */
const DEEP_TIFF_BYTES = 16 * MB;

/** The memory of libheif for 10 bits per sample: planes of the file's samples, and RGB of 8 bits. */
export const HEIC_MEMORY: LibraryMemory = { bytesPerPixel: 11, fixedBytes: 16 * MB };

/** sharp's metadata of an image. */
export interface Metadata {
  readonly channels: number;
  readonly depth: string;
  readonly orientation?: number | undefined;
  readonly isProgressive: boolean;
  readonly chromaSubsampling?: string | undefined;
}

/** For a JPEG or PNG with a plain header: 8 bits, no transparency. */
export function memoryOfPlain(format: ImageHeader['format'], progressive: boolean): LibraryMemory {
  if (!progressive) return LINES_ONLY;
  return { bytesPerPixel: format === 'jpeg' ? COEFFICIENTS.full : 3 };
}

export function memoryOf(format: ImageHeader['format'], metadata: Metadata, source: Source): LibraryMemory {
  const unpacked = metadata.channels * (SAMPLE_BYTES[metadata.depth] ?? LARGEST_SAMPLE_BYTES);
  // To turn an image, the library must hold it whole.
  const turned = source.upright && (metadata.orientation ?? 1) > 1 ? unpacked : 0;
  switch (format) {
    case 'jpeg': {
      return { bytesPerPixel: turned + (metadata.isProgressive ? coefficients(metadata) : 0) };
    }
    case 'png': {
      return { bytesPerPixel: Math.max(turned, metadata.isProgressive ? unpacked : 0) };
    }
    case 'gif': {
      return { bytesPerPixel: 4 };
    }
    case 'webp': {
      return { bytesPerPixel: turned + 7, fixedBytes: 32 * MB };
    }
    case 'avif': {
      return { bytesPerPixel: turned + (metadata.depth === 'uchar' ? AVIF.bits8 : AVIF.bits10) };
    }
    case 'heic': {
      return HEIC_MEMORY;
    }
    case 'tiff': {
      const deepBytes = metadata.depth === 'uchar' ? 0 : DEEP_TIFF_BYTES;
      return { bytesPerPixel: turned, fixedBytes: (source.tileLineBytes ?? 0) + deepBytes };
    }
  }
}

function coefficients({ channels, chromaSubsampling = '' }: Metadata): number {
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
