/**
 * Decodes every accepted format with sharp (libvips). The only importer of sharp. Pixels are Pillow's to the bit (see
 * ./formats/match-pillow.ts and test/golden), with the exceptions that docs/model-config.md lists. libvips resizes
 * images above HELD_PIXELS, of which it holds only some lines, and JPEGs that are to be shrunk (./jpeg/shrink.ts).
 */
import { createRequire } from 'node:module';
import type sharpLibrary from 'sharp';
import type { Sharp, SharpOptions } from 'sharp';
import { ForebayError, messageOf } from '../../../../shared/errors.ts';
import { LIBVIPS_KERNELS, type LibvipsKernel } from '../../../../shared/tasks/image/shrinking.ts';
import { isOutOfMemory, type SharedMemory } from '../../out-of-memory.ts';
import type { Size } from '../resample/pillow-resampler.ts';
import { matchPillow, type Source } from './formats/match-pillow.ts';
import { checkedGeometry, checkLength, checkPixels, sourceUse, toCrop } from './crop.ts';
import { checkDecodeBytes, decodeBytes, type LibraryMemory } from './memory/decode-memory.ts';
import type { DecodeBudget } from './memory/decode-budget.ts';
import { HELD_PIXELS, type DecodeOptions, type Decoder, type TakeWindow, type Timed } from './decoder.ts';
import type { Geometry } from './geometry.ts';
import { rgbToGrey } from './grey.ts';
import { memoryOf, memoryOfPlain } from './memory/library-memory.ts';
import { readImageHeader, type ImageHeader } from './formats/image-header.ts';
import { shrinks } from './jpeg/shrink.ts';
import { besideBytes, regionOf, type WindowPlans, type Windows } from './windows.ts';

/** Loaded as CommonJS, because `import` takes twice the CPU time (see shared/queue/bullmq.ts). */
const sharp = createRequire(import.meta.url)('sharp') as typeof sharpLibrary;

/** Lanes are the unit of parallelism, so libvips' own threads and caches would only cost memory. */
export function configureSharp(): void {
  sharp.concurrency(1);
  sharp.cache(false);
  // A second barrier behind the allow-list of formats: no loader that reads scripts, URLs or file names.
  sharp.block({ operation: ['VipsForeignLoad'] });
  const loaders = ['JpegBuffer', 'PngBuffer', 'WebpBuffer', 'NsgifBuffer', 'TiffBuffer', 'HeifBuffer'];
  sharp.unblock({ operation: loaders.map((name) => `VipsForeignLoad${name}`) });
}

export function createSharpDecoder(
  options: DecodeOptions,
  parts: {
    readonly windows: Windows;
    readonly memory: SharedMemory;
    readonly budget: DecodeBudget;
    readonly timed: Timed;
  },
): Decoder {
  const { windows, memory, budget, timed } = parts;
  const { maxPixels, interpolation } = options;
  const { grey } = sourceUse(options);
  const opening: SharpOptions = {
    failOn: 'error',
    limitInputPixels: maxPixels,
    ignoreIcc: options.icc === 'ignore',
  };
  const open = ({ bytes, upright }: Source) => sharp(bytes, { ...opening, autoOrient: upright });

  async function decodeTo<T>(image: Uint8Array, take: TakeWindow<T>): Promise<T> {
    const header = readImageHeader(image);
    const { size } = header;
    if (size !== null) checkPixels(size, maxPixels);
    const source = matchPillow(image, header.format, options.auto_orient);
    // Decoding must start in this turn of the event loop, because the caller may block this thread next.
    const attempt =
      size !== null && header.plain && !source.upright
        ? async () => fromPixels(source, size, ofHeader(header), take)
        : async () => afterMetadata(source, header, take);
    try {
      return await memory.use(attempt);
    } catch (error) {
      throw error instanceof ForebayError ? error : toDecodeError(error, maxPixels);
    }
  }

  async function afterMetadata<T>(source: Source, { format }: ImageHeader, take: TakeWindow<T>): Promise<T> {
    const found = await open(source).metadata();
    const size = source.upright ? found.autoOrient : { width: found.width, height: found.height };
    const plain = !found.hasAlpha && found.depth === 'uchar' && source.finish === null;
    return fromPixels(source, size, { plain, format, library: memoryOf(format, found, source) }, take);
  }

  async function fromPixels<T>(
    source: Source,
    size: Size,
    { plain, format, library }: Stored,
    take: TakeWindow<T>,
  ): Promise<T> {
    const geometry = checkedGeometry(size, source.encodedBytes, options);
    const pixels = size.width * size.height;
    const libvipsKernel = LIBVIPS_KERNELS[interpolation];
    const shrunk = format === 'jpeg' && shrinks(options, size, geometry);
    const byLibvips =
      plain && libvipsKernel !== undefined && !options.whole && (pixels > HELD_PIXELS || shrunk);
    const book = <R>(bytes: number, more: number, work: () => Promise<R>): Promise<R> => {
      checkDecodeBytes(bytes, size, format.toUpperCase(), options);
      return budget.use(bytes + more, work);
    };
    if (byLibvips) {
      const bytes = decodeBytes(size, library, 'libvips', false);
      return book(bytes, 0, async () => throughLibvips(source, geometry, libvipsKernel, take));
    }
    const planned = windows.plan(size, () => geometry);
    const bytes = decodeBytes(size, library, 'library', windows.needsWhole(planned));
    return book(bytes, besideBytes(planned), async () => throughKernel(source, planned, take));
  }

  async function throughLibvips<T>(
    source: Source,
    geometry: Geometry,
    kernel: LibvipsKernel,
    take: TakeWindow<T>,
  ): Promise<T> {
    const scaling = {
      ...geometry.resized,
      fit: 'fill',
      kernel,
      // JPEGs are still shrunk while they are decoded, to no less than twice the target size.
      fastShrinkOnLoad: false,
    } as const;
    const scaled = open(source).resize(scaling).extract(geometry.window);
    const data = await toRgb(scaled).toBuffer();
    if (grey) rgbToGrey(data);
    return timed(() => take({ pixels: () => data }, geometry));
  }

  /** Alpha is dropped and 16 bits are cut to 8 before resizing, as Pillow's `convert('RGB')` does and libvips does not. */
  async function throughKernel<T>(source: Source, planned: WindowPlans, take: TakeWindow<T>): Promise<T> {
    const region = regionOf(planned);
    let data: Buffer;
    try {
      data = await toRgb(open(source).extract(region)).toBuffer();
    } catch (error) {
      if (planned.beside === undefined) throw error;
      // Perhaps only the lower part of the image is damaged, and this model does not need it.
      const { plan, geometry } = planned;
      return throughKernel(source, { plan, geometry }, take);
    }
    checkLength(data, region);
    source.finish?.(data, region);
    return timed(() => {
      windows.open(planned).strips(0, region.width * 3)(data);
      return take(windows.taken(planned), planned.geometry);
    });
  }

  const crop = toCrop(options);
  return { jpeg: 'sharp', decodeTo, decode: async (image) => decodeTo(image, crop) };
}

/** How an image is stored. */
interface Stored extends Pick<ImageHeader, 'format'> {
  /** 8 bits per sample and no transparency, so colours may be resized as they are. */
  readonly plain: boolean;
  readonly library: LibraryMemory;
}

function ofHeader({ format, progressive }: ImageHeader): Stored {
  return { format, plain: true, library: memoryOfPlain(format, progressive) };
}

function toRgb(source: Sharp): Sharp {
  return source.toColourspace('srgb').removeAlpha().raw({ depth: 'uchar' });
}

/**
 * libvips writes several lines. The first one that is not sharp's own preface names the cause. All threads share one error
 * text in libvips, so the cause is sometimes missing, or that of another broken image.
 */
function toDecodeError(error: unknown, maxPixels: number): ForebayError {
  const lines = messageOf(error)
    .replace(/^Input buffer has corrupt header:\s*/, '')
    .split('\n');
  const line = lines.find((l) => l.trim() !== '')?.trim() ?? 'no cause given';
  if (isOutOfMemory(error)) {
    const message = `memory or threads ran out on this image alone: ${line}; run fewer lanes, or send a smaller image`;
    return new ForebayError('out_of_memory', message, { cause: error });
  }
  if (/pixel limit/i.test(line)) {
    return new ForebayError(
      'too_many_pixels',
      `more than the limit of ${maxPixels} pixels: raise FOREBAY_MAX_MEGAPIXELS or send a smaller image`,
      {
        cause: error,
      },
    );
  }
  return new ForebayError(
    'decode_failed',
    `the image is damaged or not decodable: ${line}; copy it again, or save it again with another program`,
    {
      cause: error,
    },
  );
}
