/**
 * Turns rows into the inputs of a model call, for in-process lanes. The service's kernels or sharp decode image files. Rows
 * of text become token ids. Everything except the kernels is the benchmark's code.
 */
import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { inputSize } from '../../dist/shared/tasks/image/preprocess.js';
import { checkedGeometry, fitCrop } from '../../dist/workers/lane/image/decode/crop.js';
import { planGeometry } from '../../dist/workers/lane/image/decode/geometry.js';
import { inputFrame } from '../../dist/workers/lane/image/decode/input-frame.js';
import { readImageHeader } from '../../dist/workers/lane/image/decode/formats/image-header.js';
import { loadTurboNative } from '../../dist/workers/lane/image/decode/jpeg/turbo-native-codec.js';
import { loadTurboWasm } from '../../dist/workers/lane/image/decode/jpeg/turbo-wasm-codec.js';
import { createTensorFiller } from '../../dist/workers/lane/image/normalise/tensor-filler.js';
import { createResamplingKernel } from '../../dist/workers/lane/image/resample/kernel.js';
import { createPlanCache } from '../../dist/workers/lane/image/resample/plan-cache.js';
import { textInputs } from './text-inputs.js';

const MAX_PIXELS = 64_000_000;

/**
 * @typedef {object} Inputs
 * @property {(row: string) => unknown} read
 * @property {(read: unknown) => unknown} decode may return a promise; its work has already started
 * @property {(decoded: unknown[]) => { type: string, data: ArrayBufferView, dims: number[] }} feeds
 * @property {(row: string) => number} [lengthOf] tokens of a row of text
 */

/**
 * @param {import('./lane.js').LaneConfig} config
 * @returns {Promise<Inputs>}
 */
export async function createInputs(config) {
  return config.kind === 'text' ? textInputs(config) : imageInputs(config);
}

async function imageInputs({ preprocess, decode, batch, sharpThreads }) {
  const filler = createTensorFiller(preprocess, 'float32', 'nchw');
  const buffer = filler.allocate(batch);
  const { width, height } = inputSize(preprocess);
  if (sharpThreads !== undefined) sharp.concurrency(sharpThreads);
  return {
    read: (path) => readFileSync(path),
    decode:
      decode === 'sharp' ? (image) => withSharp(image, preprocess) : await withKernels(preprocess, decode),
    feeds(decoded) {
      for (const [slot, pixels] of decoded.entries()) filler.fill(buffer, slot, pixels);
      const data = buffer.subarray(0, decoded.length * filler.rowLength);
      return { type: 'float32', data, dims: [decoded.length, 3, height, width] };
    },
  };
}

/** Decodes one JPEG after the other on this thread, with libjpeg-turbo and the resampling kernel. */
async function withKernels(preprocess, decode) {
  const frame = inputFrame(preprocess);
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
    // The codec refuses a few files, such as CMYK and truncated ones.
    if (found === null) return withSharp(image, preprocess);
    return fitCrop(kernel.resample(plan, found.offset, found.stride), geometry, frame);
  };
}

/** Does what a simple script does: reads the header, then runs one pipeline with sharp's defaults. */
async function withSharp(image, preprocess) {
  const { width, height } = await sharp(image).metadata();
  const { resized, window } = planGeometry({ width, height }, preprocess);
  return sharp(image)
    .resize({ ...resized, fit: 'fill', kernel: 'cubic' })
    .extract(window)
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer();
}
