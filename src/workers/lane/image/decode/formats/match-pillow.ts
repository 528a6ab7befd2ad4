/**
 * Makes sharp's pixels equal to Pillow's: changes the file that sharp gets, or the pixels that it returns. Does so only for
 * formats that libvips and Pillow read differently.
 */
import type { Region } from '../../resample/pillow-resampler.ts';
import { avifAsStored } from './avif-as-stored.ts';
import { colourAround, firstFrame, isWhole } from './gif-first-frame.ts';
import type { ImageHeader } from './image-header.ts';
import { readTiffTags, type TiffTags } from './tiff-tags.ts';
import { ycbcrToRgb } from './ycbcr.ts';

export interface Source {
  readonly bytes: Uint8Array;
  /** Original size of the file. */
  readonly encodedBytes: number;
  /** Whether to apply the orientation that is stored in the file. */
  readonly upright: boolean;
  /** Corrects the packed RGB pixels of a region of the upright image, in place. Null if the pixels need no correction. */
  readonly finish: ((pixels: Uint8Array, region: Region) => void) | null;
  /** Bytes of one row of a TIFF's tiles, because a row is unpacked as a whole. 0 if it has no tiles. */
  readonly tileLineBytes: number;
}

/** `upright`: whether the config asks for `auto_orient`. */
export function matchPillow(image: Uint8Array, format: ImageHeader['format'], upright: boolean): Source {
  const unchanged: Source = {
    bytes: image,
    encodedBytes: image.length,
    upright,
    finish: null,
    tileLineBytes: 0,
  };
  if (format === 'gif') return ofGif(unchanged);
  if (format === 'avif') return { ...unchanged, bytes: avifAsStored(image, upright) };
  return format === 'tiff' ? ofTiff(unchanged) : unchanged;
}

function ofGif(source: Source): Source {
  const first = firstFrame(source.bytes);
  if (first === null) return source;
  const finish: Source['finish'] = isWhole(first)
    ? null
    : (pixels, region) => colourAround(pixels, region, first);
  return { ...source, bytes: first.bytes, finish };
}

const UNCOMPRESSED = 1;
const YCBCR = 6;
const JPEG_COMPRESSIONS = [6, 7];

/** Pillow applies the orientation of a TIFF without being asked. It does so for no other format. */
function ofTiff(source: Source): Source {
  const tags = readTiffTags(source.bytes);
  return { ...source, upright: true, finish: fromYcbcr(tags), tileLineBytes: tileLineBytes(tags) };
}

function fromYcbcr(tags: TiffTags): Source['finish'] {
  if (tags.number('photometric') !== YCBCR || tags.number('bitsPerSample') !== 8) return null;
  const compression = tags.number('compression')!;
  // libtiff converts these itself, as well as images that share chroma samples between pixels.
  if (JPEG_COMPRESSIONS.includes(compression)) return null;
  if (tags.numbers('chromaSubsampling')!.some((samples) => samples !== 1)) return null;
  const by = compression === UNCOMPRESSED ? 'pillow' : 'libtiff';
  return (pixels) => ycbcrToRgb(pixels, by);
}

/** 0 for strips, which are read line by line. */
function tileLineBytes(tags: TiffTags): number {
  const bits = tags.number('bitsPerSample')! * tags.number('samplesPerPixel')!;
  return Math.ceil(((tags.number('width') ?? 0) * (tags.number('tileHeight') ?? 0) * bits) / 8);
}
