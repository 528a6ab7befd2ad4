/**
 * Decodes every accepted format with sharp (libvips): the only importer of it. Pixels are Pillow's to the bit
 * where formats are lossless, see test/golden, except: images above HELD_PIXELS are resized by libvips, in
 * constant memory (0.1 to 0.8 of 255 away in the mean), JPEGs likewise where they are to be shrunk (./shrink.ts), and
 * CMYK is converted by a profile.
 */
import { createRequire } from 'node:module';
import type sharpLibrary from 'sharp';
import type { Sharp, SharpOptions } from 'sharp';
import { ForebayError, messageOf } from '../../../shared/errors.ts';
import { isOutOfMemory, type SharedMemory } from '../out-of-memory.ts';
import type { ResamplingKernel } from '../resample/kernel.ts';
import type { Size } from '../resample/pillow-resampler.ts';
import type { PlanCache } from '../resample/plan-cache.ts';
import { checkedGeometry, checkLength, checkPixels, kernelWindow, toCrop } from './crop.ts';
import { HELD_PIXELS, type DecodeOptions, type Decoder, type TakeWindow, type Timed } from './decoder.ts';
import type { Geometry } from './geometry.ts';
import { readImageHeader } from './image-header.ts';
import { LIBVIPS_KERNELS, shrinks } from './shrink.ts';

/** As CommonJS: `import` takes twice the CPU time to load it (see shared/queue/bullmq.ts). */
const sharp = createRequire(import.meta.url)('sharp') as typeof sharpLibrary;

/** Images above this are held raw (3 bytes a pixel) one at a time. */
const LARGE_PIXELS = 8_000_000;

/** The lane is the unit of parallelism: libvips's own threads and caches only cost memory here. */
export function configureSharp(): void {
  sharp.concurrency(1);
  sharp.cache(false);
  // A second lock behind the allow-list of formats: nothing that reads scripts, URLs or file names.
  sharp.block({ operation: ['VipsForeignLoad'] });
  const loaders = ['JpegBuffer', 'PngBuffer', 'WebpBuffer', 'NsgifBuffer', 'TiffBuffer', 'HeifBuffer'];
  sharp.unblock({ operation: loaders.map((name) => `VipsForeignLoad${name}`) });
}

export function createSharpDecoder(
  options: DecodeOptions,
  parts: {
    readonly kernel: ResamplingKernel;
    readonly plans: PlanCache;
    readonly memory: SharedMemory;
    readonly timed: Timed;
  },
): Decoder {
  const { kernel, plans, memory, timed } = parts;
  const { maxPixels, interpolation } = options;
  const opening: SharpOptions = {
    failOn: 'error',
    limitInputPixels: maxPixels,
    ignoreIcc: options.icc === 'ignore',
    autoOrient: options.auto_orient,
  };
  let largeTurn: Promise<unknown> = Promise.resolve();

  async function decodeTo<T>(image: Uint8Array, take: TakeWindow<T>): Promise<T> {
    const header = readImageHeader(image);
    const { size } = header;
    if (size !== null) checkPixels(size, maxPixels);
    // No turn of the event loop before the pixels: the caller may block this thread next.
    const attempt =
      size !== null && header.plain && !options.auto_orient
        ? async () => fromPixels(image, size, { plain: true, jpeg: header.format === 'jpeg' }, take)
        : async () => afterMetadata(image, take);
    try {
      return await memory.use(attempt);
    } catch (error) {
      throw error instanceof ForebayError ? error : toDecodeError(error, maxPixels);
    }
  }

  async function afterMetadata<T>(image: Uint8Array, take: TakeWindow<T>): Promise<T> {
    const found = await sharp(image, opening).metadata();
    const size = options.auto_orient ? found.autoOrient : { width: found.width, height: found.height };
    const plain = !found.hasAlpha && found.depth === 'uchar';
    return fromPixels(image, size, { plain, jpeg: found.format === 'jpeg' }, take);
  }

  /** `plain`: colours may be resized as they are. */
  async function fromPixels<T>(
    image: Uint8Array,
    size: Size,
    { plain, jpeg }: { readonly plain: boolean; readonly jpeg: boolean },
    take: TakeWindow<T>,
  ): Promise<T> {
    const geometry = checkedGeometry(size, image.length, options);
    const pixels = size.width * size.height;
    const libvipsKernel = LIBVIPS_KERNELS[interpolation];
    const shrunk = jpeg && shrinks(options, size, geometry);
    if (plain && libvipsKernel !== undefined && (pixels > HELD_PIXELS || shrunk)) {
      const scaling = {
        ...geometry.resized,
        fit: 'fill',
        kernel: libvipsKernel,
        // JPEGs are shrunk while decoded all the same, to no less than twice the size.
        fastShrinkOnLoad: false,
      } as const;
      const scaled = sharp(image, opening).resize(scaling).extract(geometry.window);
      const data = await toRgb(scaled).toBuffer();
      return timed(() => take({ pixels: () => data }, geometry));
    }
    const held = async () => throughKernel(image, size, geometry, take);
    if (pixels <= LARGE_PIXELS) return held();
    const mine = largeTurn.then(held);
    largeTurn = mine.catch(() => {});
    return mine;
  }

  /** Alpha is dropped, and 16 bits cut to 8, before resizing: as Pillow's `convert('RGB')`, unlike libvips. */
  async function throughKernel<T>(
    image: Uint8Array,
    size: Size,
    geometry: Geometry,
    take: TakeWindow<T>,
  ): Promise<T> {
    const plan = plans.get(size, geometry, interpolation);
    const data = await toRgb(sharp(image, opening).extract(plan.region)).toBuffer();
    checkLength(data, plan.region);
    return timed(() => {
      kernel.source(plan, data.length).set(data);
      return take(kernelWindow(kernel, plan, 0, plan.region.width * 3), geometry);
    });
  }

  const crop = toCrop(options.crop);
  return { jpeg: 'sharp', decodeTo, decode: async (image) => decodeTo(image, crop) };
}

function toRgb(source: Sharp): Sharp {
  return source.toColourspace('srgb').removeAlpha().raw({ depth: 'uchar' });
}

/** libvips says several lines, of which the first that is not sharp's own preface is the cause. */
function toDecodeError(error: unknown, maxPixels: number): ForebayError {
  const lines = messageOf(error)
    .replace(/^Input buffer has corrupt header: /, '')
    .split('\n');
  const line = lines.find((l) => l.trim() !== '')?.trim() ?? 'no cause given';
  if (isOutOfMemory(error)) {
    const message = `memory or threads ran out on this image alone: ${line}`;
    return new ForebayError('out_of_memory', message, { cause: error });
  }
  if (/pixel limit/i.test(line)) {
    return new ForebayError('too_many_pixels', `more than the limit of ${maxPixels} pixels`, {
      cause: error,
    });
  }
  return new ForebayError('decode_failed', `the image is damaged or not decodable: ${line}`, {
    cause: error,
  });
}
