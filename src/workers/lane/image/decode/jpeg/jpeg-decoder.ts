/**
 * Decodes ordinary JPEGs on this thread, one after the other, with a codec and the resampling kernel. The other decoder
 * gets all other images: other formats, unusual JPEGs, large ones (HELD_PIXELS), those to be shrunk, and those that the
 * codec refuses.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { checkedGeometry, checkRatio, toCrop } from '../crop.ts';
import {
  HELD_PIXELS,
  type DecodeOptions,
  type Decoder,
  type JpegCodecName,
  type TakeWindow,
  type Timed,
} from '../decoder.ts';
import { bytesPerPixel, checkDecodeBytes } from '../memory/decode-memory.ts';
import type { DecodeBudget } from '../memory/decode-budget.ts';
import { planGeometry } from '../geometry.ts';
import { memoryOfPlain } from '../memory/library-memory.ts';
import { readImageHeader } from '../formats/image-header.ts';
import type { JpegCodec } from './jpeg-codec.ts';
import { shrinks } from './shrink.ts';
import { besideBytes, regionOf, type WindowPlans, type Windows } from '../windows.ts';
import type { Size } from '../../resample/pillow-resampler.ts';

export function createJpegDecoder(
  options: DecodeOptions,
  parts: {
    readonly codec: Promise<JpegCodec>;
    readonly jpeg: JpegCodecName;
    readonly windows: Windows;
    readonly budget: DecodeBudget;
    /** Decodes every other image. */
    readonly otherwise: Decoder;
    readonly timed: Timed;
  },
): Decoder {
  const { windows, budget, otherwise, timed } = parts;
  const path = parts.jpeg === 'turbo-native' ? 'direct' : 'codec';
  const perPixel = (progressive: boolean, whole: boolean) =>
    bytesPerPixel(memoryOfPlain('jpeg', progressive), path, whole);
  const baselineBytes = { whole: perPixel(false, true), strips: perPixel(false, false) };
  const progressiveBytes = { whole: perPixel(true, true), strips: perPixel(true, false) };
  const turn = createTurn();
  let codec: JpegCodec | null = null;
  /** Number of images that wait for their turn. */
  let waiting = 0;
  // If the codec cannot be loaded, the other decoder does its work.
  let last: Promise<unknown> = parts.codec.then(
    (loaded) => (codec = loaded),
    () => {},
  );

  function decodeTo<T>(image: Uint8Array, take: TakeWindow<T>): T | Promise<T> {
    const { size, ordinary, progressive } = readImageHeader(image);
    if (size === null || !ordinary || isForOther(size)) return otherwise.decodeTo(image, take);
    const planned = windows.plan(size, () => checkedGeometry(size, image.length, options));
    const by = progressive ? progressiveBytes : baselineBytes;
    const bytes = size.width * size.height * (windows.needsWhole(planned) ? by.whole : by.strips);
    const isFree = waiting === 0 && turn.lasts() && budget.fits(bytes + besideBytes(planned));
    const one = { image, size, bytes, planned };
    if (codec === null || !isFree) return inTurn(one, take);
    const taken = atOnce(codec, one, take);
    return taken === null ? otherwise.decodeTo(image, take) : taken.result;
  }

  async function inTurn<T>(one: OneJpeg, take: TakeWindow<T>): Promise<T> {
    const { image } = one;
    const bytes = one.bytes + besideBytes(one.planned);
    waiting += 1;
    const mine = last.then(async () => {
      if (!turn.lasts()) await turn.end();
      const ready = codec;
      if (ready === null) return null;
      const work = () => timed(() => atOnce(ready, one, take));
      return budget.fits(bytes) ? work() : budget.use(bytes, async () => work());
    });
    last = mine.catch(() => {}).finally(() => (waiting -= 1));
    const taken = await mine;
    return taken === null ? otherwise.decodeTo(image, take) : taken.result;
  }

  /** The other decoder holds less of a large image, and can shrink an image while it decodes. */
  function isForOther(size: Size): boolean {
    if (size.width * size.height > HELD_PIXELS) return true;
    return options.decode === 'shrink' && shrinks(options, size, planGeometry(size, options));
  }

  /** Null if the codec refuses the image. */
  function atOnce<T>(
    codec: JpegCodec,
    { image, size, bytes, planned }: OneJpeg,
    take: TakeWindow<T>,
  ): { readonly result: T } | null {
    // Repeated for each image, because it depends on the file's bytes, too. The other checks depend only on the size.
    checkRatio(size, image.length, options.maxImageRatio);
    checkDecodeBytes(bytes, size, 'JPEG', options);
    if (!codec.decode(image, size, regionOf(planned), windows.open(planned))) return null;
    return { result: take(windows.taken(planned), planned.geometry) };
  }

  const crop = toCrop(options);
  return { jpeg: parts.jpeg, decodeTo, decode: async (image) => decodeTo(image, crop) };
}

interface OneJpeg {
  readonly image: Uint8Array;
  readonly size: Size;
  /** What decoding it for one model takes. */
  readonly bytes: number;
  readonly planned: WindowPlans;
}

/**
 * How long images are decoded in one turn of the event loop, so that messages arrive. At least one image is decoded per
 * turn. This is longer than the slices of decode-batch.ts. So their images are decoded at once, without promises, which
 * cost a tenth of decoding a thumbnail.
 */
const TURN_MS = 10;

function createTurn() {
  /** When the first image of this turn began. Null: there has been none. */
  let began: number | null = null;
  const lasts = (): boolean => {
    if (began !== null) return performance.now() - began < TURN_MS;
    began = performance.now();
    setImmediate(() => (began = null));
    return true;
  };
  return {
    lasts,
    async end(): Promise<void> {
      await nextTurn();
      lasts();
    },
  };
}
