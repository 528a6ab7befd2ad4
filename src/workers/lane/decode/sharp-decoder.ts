/**
 * Decodes every accepted format with sharp (libvips): the only importer of it. Resizing follows Pillow
 * (antialiased kernel, no shrink-on-load, no colour management unless asked for); measured mean difference
 * below 0.5 of 255, see test/golden. CMYK differs from Pillow by design: libvips converts by a profile.
 */
import sharp, { type Sharp, type SharpOptions } from 'sharp';
import { ForebayError, messageOf } from '../../../shared/errors.ts';
import type { DecodeOptions, Decoder, Pixels } from './decoder.ts';
import { planGeometry, type Geometry } from './geometry.ts';
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
    const raw = await toRgb(sharp(image, opening)).toBuffer({ resolveWithObject: true });
    const { width, height, channels } = raw.info;
    return inOneStep(sharp(raw.data, { raw: { width, height, channels }, limitInputPixels: false }), raw.info);
  }

  async function inOneStep(source: Sharp, size: Size): Promise<Pixels> {
    const geometry = planGeometry(size.width, size.height, resize, crop);
    const { resized, window } = geometry;
    checkPixels(resized, maxPixels, `, once resized to a shorter side of ${resize}`);
    const scaled = source.resize({ ...resized, fit: 'fill', kernel, fastShrinkOnLoad: false }).extract(window);
    return fitCrop(await toRgb(scaled).toBuffer(), geometry, crop);
  }

  return { decode };
}

function toRgb(source: Sharp): Sharp {
  return source.toColourspace('srgb').removeAlpha().raw({ depth: 'uchar' });
}

/** The window within black, where the image is smaller than the crop. */
function fitCrop(pixels: Buffer, { window, pad }: Geometry, crop: number): Pixels {
  if (pixels.length !== window.width * window.height * 3) {
    throw new ForebayError(
      'decode_failed',
      `decoded to ${pixels.length} bytes where ${window.width} x ${window.height} RGB was due`,
    );
  }
  if (window.width === crop && window.height === crop) return pixels;
  const padded = new Uint8Array(crop * crop * 3);
  const stride = window.width * 3;
  for (let y = 0; y < window.height; y++) {
    padded.set(pixels.subarray(y * stride, (y + 1) * stride), ((pad.top + y) * crop + pad.left) * 3);
  }
  return padded;
}

function checkPixels({ width, height }: Size, maxPixels: number, when: string): void {
  if (width * height <= maxPixels) return;
  throw new ForebayError(
    'too_many_pixels',
    `${width} x ${height} pixels${when}; the limit is ${maxPixels} in all`,
  );
}

/** libvips says several lines, the first being the cause. */
function toDecodeError(error: unknown, maxPixels: number): ForebayError {
  const line = messageOf(error).split('\n')[0]!.trim();
  if (/pixel limit/i.test(line)) {
    return new ForebayError('too_many_pixels', `more than the limit of ${maxPixels} pixels`, { cause: error });
  }
  return new ForebayError('decode_failed', `the image is damaged or not decodable: ${line}`, { cause: error });
}
