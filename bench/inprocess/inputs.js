/**
 * Rows as they enter a model call, in a lane of the in-process figures: files read and decoded by the project's
 * kernels or by sharp, or token ids. Used by hand here: none of the service's own code around the kernels.
 */
import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { checkedGeometry, fitCrop } from '../../dist/workers/lane/image/decode/crop.js';
import { planGeometry } from '../../dist/workers/lane/image/decode/geometry.js';
import { readImageHeader } from '../../dist/workers/lane/image/decode/image-header.js';
import { loadTurboNative } from '../../dist/workers/lane/image/decode/turbo-native-codec.js';
import { loadTurboWasm } from '../../dist/workers/lane/image/decode/turbo-wasm-codec.js';
import { createTensorFiller } from '../../dist/workers/lane/image/normalise/tensor-filler.js';
import { createResamplingKernel } from '../../dist/workers/lane/image/resample/kernel.js';
import { createPlanCache } from '../../dist/workers/lane/image/resample/plan-cache.js';
import { textInputs } from './text-inputs.js';

const MAX_PIXELS = 64_000_000;

/**
 * @typedef {{ feeds: (decoded: unknown[]) => { type: string, data: ArrayBufferView, dims: number[] },
 *   decode: (row: string) => unknown, read: (row: string) => unknown, lengthOf?: (row: string) => number }} Inputs
 * `lengthOf`: tokens of a row of text; `decode` takes what `read` gave; it may return a promise, whose work has then begun
 */

/** @param {object} config `kind`: image or text; `preprocess`, `decode`, `batch` @returns {Promise<Inputs>} */
export async function createInputs(config) {
  return config.kind === 'text' ? textInputs(config) : imageInputs(config);
}

async function imageInputs({ preprocess, decode, batch, sharpThreads }) {
  const filler = createTensorFiller(preprocess, 'float32', 'nchw');
  const buffer = filler.allocate(batch);
  const side = preprocess.crop;
  if (sharpThreads !== undefined) sharp.concurrency(sharpThreads);
  return {
    read: (path) => readFileSync(path),
    decode:
      decode === 'sharp' ? (image) => withSharp(image, preprocess) : await withKernels(preprocess, decode),
    feeds(decoded) {
      for (const [slot, pixels] of decoded.entries()) filler.fill(buffer, slot, pixels);
      const data = buffer.subarray(0, decoded.length * filler.rowLength);
      return { type: 'float32', data, dims: [decoded.length, 3, side, side] };
    },
  };
}

/** One JPEG after the other on this thread: libjpeg-turbo, then the resampling kernel. */
async function withKernels(preprocess, decode) {
  const kernel = createResamplingKernel();
  const plans = createPlanCache();
  const codec = (decode === 'fast' ? loadTurboNative() : null) ?? (await loadTurboWasm());
  return (image) => {
    const { size } = readImageHeader(image);
    const geometry = checkedGeometry(size, image.length, {
      ...preprocess,
      maxPixels: MAX_PIXELS,
      maxImageRatio: 5000,
    });
    const plan = plans.get(size, geometry, preprocess.interpolation);
    const found = codec.decode(image, size, plan.region, (length) => kernel.source(plan, length));
    // The few that the codec refuses (CMYK, truncated): never the bulk of any workload here.
    if (found === null) return withSharp(image, preprocess);
    return fitCrop(kernel.resample(plan, found.offset, found.stride), geometry, preprocess.crop);
  };
}

/** As one would write it first: header, then one pipeline with sharp's defaults. */
async function withSharp(image, { resize, crop }) {
  const { width, height } = await sharp(image).metadata();
  const { resized, window } = planGeometry(width, height, resize, crop);
  return sharp(image)
    .resize({ ...resized, fit: 'fill', kernel: 'cubic' })
    .extract(window)
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer();
}
