/**
 * Decodes every accepted format with sharp (libvips): the only importer of it. Pixels are Pillow's to the bit
 * where formats are lossless, see test/golden, except: images above HELD_PIXELS are resized by libvips, in
 * constant memory (0.1 to 0.8 of 255 away in the mean), and CMYK is converted by a profile.
 */
import sharp, { type Sharp, type SharpOptions } from 'sharp';
import { ForebayError, messageOf } from '../../../shared/errors.ts';
import type { ResamplingKernel } from '../resample/kernel.ts';
import type { Interpolation, Size } from '../resample/pillow-resampler.ts';
import type { PlanCache } from '../resample/plan-cache.ts';
import { checkedGeometry, checkLength, checkPixels, fitCrop } from './crop.ts';
import { HELD_PIXELS, type DecodeOptions, type Decoder, type Pixels } from './decoder.ts';
import type { Geometry } from './geometry.ts';
import { readImageHeader } from './image-header.ts';

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

/** Of libvips, for images too large to be held; where it has none that follows Pillow, they are held after all. */
const KERNELS: Readonly<Partial<Record<Interpolation, 'linear' | 'cubic' | 'lanczos3'>>> = {
  bilinear: 'linear',
  bicubic: 'cubic',
  lanczos: 'lanczos3',
};

export function createSharpDecoder(
  options: DecodeOptions,
  { kernel, plans }: { readonly kernel: ResamplingKernel; readonly plans: PlanCache },
): Decoder {
  const { crop, maxPixels, interpolation } = options;
  const opening: SharpOptions = {
    failOn: 'error',
    limitInputPixels: maxPixels,
    ignoreIcc: options.icc === 'ignore',
    autoOrient: options.auto_orient,
  };
  let largeTurn: Promise<unknown> = Promise.resolve();

  async function decode(image: Uint8Array): Promise<Pixels> {
    const header = readImageHeader(image);
    if (header.size !== null) checkPixels(header.size, maxPixels);
    try {
      // No turn of the event loop before the pixels: the caller may block this thread next.
      if (header.size !== null && header.plain && !options.auto_orient) {
        return await fromPixels(image, header.size, true);
      }
      return await afterMetadata(image);
    } catch (error) {
      throw error instanceof ForebayError ? error : toDecodeError(error, maxPixels);
    }
  }

  async function afterMetadata(image: Uint8Array): Promise<Pixels> {
    const found = await sharp(image, opening).metadata();
    const size = options.auto_orient ? found.autoOrient : { width: found.width, height: found.height };
    return fromPixels(image, size, !found.hasAlpha && found.depth === 'uchar');
  }

  /** `plain`: colours may be resized as they are. */
  async function fromPixels(image: Uint8Array, size: Size, plain: boolean): Promise<Pixels> {
    const geometry = checkedGeometry(size, options);
    const pixels = size.width * size.height;
    const libvipsKernel = KERNELS[interpolation];
    if (plain && libvipsKernel !== undefined && pixels > HELD_PIXELS) {
      const scaling = {
        ...geometry.resized,
        fit: 'fill',
        kernel: libvipsKernel,
        fastShrinkOnLoad: false,
      } as const;
      const scaled = sharp(image, opening).resize(scaling).extract(geometry.window);
      return fitCrop(await toRgb(scaled).toBuffer(), geometry, crop);
    }
    if (pixels <= LARGE_PIXELS) return throughKernel(image, size, geometry);
    const mine = largeTurn.then(async () => throughKernel(image, size, geometry));
    largeTurn = mine.catch(() => {});
    return mine;
  }

  /** Alpha is dropped, and 16 bits cut to 8, before resizing: as Pillow's `convert('RGB')`, unlike libvips. */
  async function throughKernel(image: Uint8Array, size: Size, geometry: Geometry): Promise<Pixels> {
    const plan = plans.get(size, geometry, interpolation);
    const data = await toRgb(sharp(image, opening).extract(plan.region)).toBuffer();
    checkLength(data, plan.region);
    kernel.source(plan, data.length).set(data);
    return fitCrop(kernel.resample(plan, 0, plan.region.width * 3), geometry, crop);
  }

  return { decode };
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
  if (/pixel limit/i.test(line)) {
    return new ForebayError('too_many_pixels', `more than the limit of ${maxPixels} pixels`, {
      cause: error,
    });
  }
  return new ForebayError('decode_failed', `the image is damaged or not decodable: ${line}`, {
    cause: error,
  });
}
