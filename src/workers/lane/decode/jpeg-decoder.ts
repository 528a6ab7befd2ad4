/**
 * Decodes ordinary JPEGs on this thread, by a codec and the resampling kernel, one after the other; everything
 * else, and what the codec refuses, goes to the other decoder. Whole images are held only up to HELD_PIXELS.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ResamplingKernel } from '../resample/kernel.ts';
import type { PlanCache } from '../resample/plan-cache.ts';
import { checkedGeometry, fitCrop } from './crop.ts';
import { HELD_PIXELS, type DecodeOptions, type Decoder, type Pixels } from './decoder.ts';
import { readImageHeader } from './image-header.ts';
import type { JpegCodec } from './jpeg-codec.ts';
import type { Size } from '../resample/pillow-resampler.ts';

export function createJpegDecoder(
  options: DecodeOptions,
  parts: {
    readonly codec: Promise<JpegCodec>;
    readonly kernel: ResamplingKernel;
    readonly plans: PlanCache;
    /** For every other image. */
    readonly otherwise: Decoder;
  },
): Decoder {
  const { kernel, plans, otherwise } = parts;
  let last: Promise<unknown> = parts.codec;

  async function decode(image: Uint8Array): Promise<Pixels> {
    const { size, ordinary } = readImageHeader(image);
    if (size === null || !ordinary || size.width * size.height > HELD_PIXELS) return otherwise.decode(image);
    const mine = last.then(async () => {
      // One image a turn: a batch that is complete may run, and messages get in, before the next one's images.
      await nextTurn();
      return atOnce(await parts.codec, image, size);
    });
    last = mine.catch(() => {});
    return (await mine) ?? otherwise.decode(image);
  }

  function atOnce(codec: JpegCodec, image: Uint8Array, size: Size): Pixels | null {
    const geometry = checkedGeometry(size, options);
    const plan = plans.get(size, geometry, options.interpolation);
    const found = codec.decode(image, size, plan.region, (length) => kernel.source(plan, length));
    if (found === null) return null;
    return fitCrop(kernel.resample(plan, found.offset, found.stride), geometry, options.crop);
  }

  return { decode };
}
