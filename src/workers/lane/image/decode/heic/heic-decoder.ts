/**
 * Decodes HEIC with libheif, which turns and mirrors an image as the file says, as pillow-heif does. An EXIF
 * orientation only repeats that, so it is ignored. All other images go to the other decoder.
 */
import { ForebayError, messageOf } from '../../../../../shared/errors.ts';
import { isOutOfMemory } from '../../../out-of-memory.ts';
import { checkedGeometry, checkPixels, toCrop } from '../crop.ts';
import type { DecodeOptions, Decoder, TakeWindow, Timed } from '../decoder.ts';
import type { DecodeBudget } from '../memory/decode-budget.ts';
import { checkDecodeBytes, decodeBytes } from '../memory/decode-memory.ts';
import { HEIC_MEMORY } from '../memory/library-memory.ts';
import { regionOf, type Windows } from '../windows.ts';
import { isHeic, largestSize } from './heic-file.ts';
import type { HeicLibrary } from './heic-library.ts';

export function createHeicDecoder(
  options: DecodeOptions,
  parts: {
    /** Throws ForebayError if the library is not installed. */
    readonly load: () => HeicLibrary;
    readonly windows: Windows;
    readonly budget: DecodeBudget;
    readonly otherwise: Decoder;
    readonly timed: Timed;
  },
): Decoder {
  const { load, windows, budget, otherwise, timed } = parts;

  function decodeTo<T>(image: Uint8Array, take: TakeWindow<T>): T | Promise<T> {
    return isHeic(image) ? decodeHeic(image, take) : otherwise.decodeTo(image, take);
  }

  async function decodeHeic<T>(image: Uint8Array, take: TakeWindow<T>): Promise<T> {
    const library = load();
    const stated = largestSize(image);
    if (stated === null) throw damaged('it states no size');
    checkPixels(stated, options.maxPixels);
    // The plan is not known yet.
    const bytes = decodeBytes(stated, HEIC_MEMORY, 'library', true);
    checkDecodeBytes(bytes, stated, 'HEIC', options);
    const booked = bytes + windows.besideBytesAtMost(stated);
    return budget.use(booked, async () => timed(() => decodeNow(library, image, take)));
  }

  /** Blocks this thread, because the library has no threads of its own. */
  function decodeNow<T>(library: HeicLibrary, image: Uint8Array, take: TakeWindow<T>): T {
    try {
      return library.open(image, (size, decode) => {
        const geometry = checkedGeometry(size, image.length, options);
        const planned = windows.plan(size, () => geometry);
        const { left, top, height } = regionOf(planned);
        const { data, stride } = decode();
        const put = windows.open(planned).strips(left * 3, stride);
        put(data.subarray(top * stride, (top + height) * stride));
        return take(windows.taken(planned), geometry);
      });
    } catch (error) {
      if (error instanceof ForebayError || isOutOfMemory(error)) throw error;
      // The library throws numbers when it aborts.
      throw damaged(error instanceof Error ? messageOf(error) : 'libheif stopped');
    }
  }

  const crop = toCrop(options);
  return { jpeg: otherwise.jpeg, decodeTo, decode: async (image) => decodeTo(image, crop) };
}

function damaged(why: string): ForebayError {
  return new ForebayError(
    'decode_failed',
    `the HEIC image is damaged or not decodable: ${why}; copy it again, or save it again with another program`,
  );
}
