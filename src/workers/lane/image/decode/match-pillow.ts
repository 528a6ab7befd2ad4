/**
 * What sharp has to be given, and what has to be done to the pixels that it returns, so that they are those of Pillow. Only
 * formats in which libvips and Pillow read the same file differently are changed.
 */
import type { Region } from '../resample/pillow-resampler.ts';
import { avifAsStored } from './avif-as-stored.ts';
import { colourAround, firstFrame, isWhole } from './gif-first-frame.ts';
import type { ImageHeader } from './image-header.ts';
import { readTiffTags, type TiffTags } from './tiff-tags.ts';
import { ycbcrToRgb } from './ycbcr.ts';

export interface Source {
  readonly bytes: Uint8Array;
  /** Of the file as it came. */
  readonly encodedBytes: number;
  /** The orientation that the file names is applied. */
  readonly upright: boolean;
  /** Changes packed RGB of that region of the upright image, in place. Null: the pixels are right as they come. */
  readonly finish: ((pixels: Uint8Array, region: Region) => void) | null;
  /** A line of a TIFF's tiles, which is unpacked at once. */
  readonly tileLineBytes: number;
}

/** `upright`: the config asks for `auto_orient`. */
export function matchPillow(image: Uint8Array, format: ImageHeader['format'], upright: boolean): Source {
  const asItIs: Source = {
    bytes: image,
    encodedBytes: image.length,
    upright,
    finish: null,
    tileLineBytes: 0,
  };
  if (format === 'gif') return ofGif(asItIs);
  if (format === 'avif') return { ...asItIs, bytes: avifAsStored(image, upright) };
  return format === 'tiff' ? ofTiff(asItIs) : asItIs;
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

/** Pillow turns TIFFs, and only these, without being asked. */
function ofTiff(source: Source): Source {
  const tags = readTiffTags(source.bytes);
  return { ...source, upright: true, finish: fromYcbcr(tags), tileLineBytes: tileLineBytes(tags) };
}

function fromYcbcr(tags: TiffTags): Source['finish'] {
  if (tags.number('photometric') !== YCBCR || tags.number('bitsPerSample') !== 8) return null;
  const compression = tags.number('compression')!;
  // libtiff converts these itself, and those that share chroma samples between pixels.
  if (JPEG_COMPRESSIONS.includes(compression)) return null;
  if (tags.numbers('chromaSubsampling')!.some((samples) => samples !== 1)) return null;
  const by = compression === UNCOMPRESSED ? 'pillow' : 'libtiff';
  return (pixels) => ycbcrToRgb(pixels, by);
}

/** Strips are read line by line, whatever their size. */
function tileLineBytes(tags: TiffTags): number {
  const bits = tags.number('bitsPerSample')! * tags.number('samplesPerPixel')!;
  return Math.ceil(((tags.number('width') ?? 0) * (tags.number('tileHeight') ?? 0) * bits) / 8);
}
