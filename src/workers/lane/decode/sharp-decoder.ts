/**
 * Decodes every accepted format with sharp (libvips): the only importer of it. Shrinking follows Pillow
 * (antialiased kernel, no shrink-on-load, no colour management unless asked for) to a mean difference below
 * 0.5 of 255, see test/golden. CMYK differs from Pillow by design: libvips converts by a profile.
 */
import sharp, { type Sharp, type SharpOptions } from 'sharp';
import { ForebayError, messageOf } from '../../../shared/errors.ts';
import type { DecodeOptions, Decoder, Pixels } from './decoder.ts';
import { planGeometry, type Geometry } from './geometry.ts';
import { planResampling } from '../resample/pillow-resampler.ts';
import { readImageHeader } from './image-header.ts';

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Images above this are held raw (3 bytes a pixel) one at a time when they must be decoded in two steps. */
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

export function createSharpDecoder(options: DecodeOptions): Decoder {
  const { resize, crop, maxPixels } = options;
  const kernel = options.interpolation === 'bicubic' ? 'cubic' : 'linear';
  const opening: SharpOptions = {
    failOn: 'error',
    limitInputPixels: maxPixels,
    ignoreIcc: options.icc === 'ignore',
    autoOrient: options.auto_orient,
  };
  let largeTurn: Promise<unknown> = Promise.resolve();

  async function decode(image: Uint8Array): Promise<Pixels> {
    const header = readImageHeader(image);
    if (header.size !== null) checkPixels(header.size, maxPixels, '');
    try {
      // No turn of the event loop before the pixels: the caller may block this thread next.
      if (header.size !== null && header.plain && !options.auto_orient) {
        return await inOneStep(sharp(image, opening), header.size);
      }
      return await afterMetadata(image);
    } catch (error) {
      throw error instanceof ForebayError ? error : toDecodeError(error, maxPixels);
    }
  }

  async function afterMetadata(image: Uint8Array): Promise<Pixels> {
    const found = await sharp(image, opening).metadata();
    const size = options.auto_orient ? found.autoOrient : { width: found.width, height: found.height };
    checkPixels(size, maxPixels, '');
    if (!found.hasAlpha && found.depth === 'uchar') return inOneStep(sharp(image, opening), size);
    if (size.width * size.height <= LARGE_PIXELS) return inTwoSteps(image);
    const mine = largeTurn.then(async () => inTwoSteps(image));
    largeTurn = mine.catch(() => {});
    return mine;
  }

  /**
   * libvips resizes premultiplied colours and 16 bits as such; Pillow's `convert('RGB')` drops the alpha
   * (and here the low bits) before anything else. So: all raw pixels first, then the resize from them.
   */
  async function inTwoSteps(image: Uint8Array): Promise<Pixels> {
    const { data, info } = await toRgb(sharp(image, opening)).toBuffer({ resolveWithObject: true });
    const { width, height } = info;
    return inOneStep(sharp(data, { raw: { width, height, channels: 3 }, limitInputPixels: false }), info);
  }

  async function inOneStep(source: Sharp, size: Size): Promise<Pixels> {
    const geometry = planGeometry(size.width, size.height, resize, crop);
    const { resized, window } = geometry;
    checkPixels(resized, maxPixels, `, once resized to a shorter side of ${resize}`);
    if (!libvipsFollows(size, resized)) return throughResampler(source, size, geometry);
    const scaled = source
      .resize({ ...resized, fit: 'fill', kernel, fastShrinkOnLoad: false })
      .extract(window);
    return fitCrop(await toRgb(scaled).toBuffer(), geometry, crop);
  }

  async function throughResampler(source: Sharp, size: Size, geometry: Geometry): Promise<Pixels> {
    const resampling = planResampling(size, geometry, options.interpolation);
    const data = await toRgb(source.extract(resampling.region)).toBuffer();
    checkLength(data, resampling.region);
    return fitCrop(resampling.apply(data), geometry, crop);
  }

  return { decode };
}

/**
 * Whether libvips resizes as Pillow does. It enlarges half a pixel aside (12 of 255 away in the mean), and
 * from a factor of 4 on it first averages whole blocks (0.8 away on real photos, 2.6 on fine patterns). Above
 * HELD_PIXELS that is accepted, since only libvips then works in constant memory.
 */
function libvipsFollows(from: Size, to: Size): boolean {
  if (to.width > from.width || to.height > from.height) return false;
  const factor = Math.max(from.width / to.width, from.height / to.height);
  return factor < 4 || from.width * from.height > HELD_PIXELS;
}

/** 24 megapixels: 72 MB raw. */
const HELD_PIXELS = 24_000_000;

function toRgb(source: Sharp): Sharp {
  return source.toColourspace('srgb').removeAlpha().raw({ depth: 'uchar' });
}

/** The window within black, where the image is smaller than the crop. */
function fitCrop(pixels: Uint8Array, { window, pad }: Geometry, crop: number): Pixels {
  checkLength(pixels, window);
  if (window.width === crop && window.height === crop) return pixels;
  const padded = new Uint8Array(crop * crop * 3);
  const stride = window.width * 3;
  for (let y = 0; y < window.height; y++) {
    padded.set(pixels.subarray(y * stride, (y + 1) * stride), ((pad.top + y) * crop + pad.left) * 3);
  }
  return padded;
}

function checkLength(pixels: Uint8Array, { width, height }: Size): void {
  if (pixels.length === width * height * 3) return;
  throw new ForebayError(
    'decode_failed',
    `the image decoded to ${pixels.length} bytes where ${width} x ${height} RGB was due`,
  );
}

function checkPixels({ width, height }: Size, maxPixels: number, when: string): void {
  if (width * height <= maxPixels) return;
  throw new ForebayError(
    'too_many_pixels',
    `${width} x ${height} pixels${when}; the limit is ${maxPixels} in all`,
  );
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
