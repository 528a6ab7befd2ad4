/** Turns image files into the inputs of a model call. The service's kernels or sharp decode them. */
import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { inputSize } from '../../../dist/shared/tasks/image/preprocess.js';
import {
  checkedGeometry,
  fitCrop,
  kernelWindow,
  sourceUse,
} from '../../../dist/workers/lane/image/decode/crop.js';
import { planGeometry } from '../../../dist/workers/lane/image/decode/geometry.js';
import { inputFrame } from '../../../dist/workers/lane/image/decode/input-frame.js';
import { readImageHeader } from '../../../dist/workers/lane/image/decode/formats/image-header.js';
import { loadExactCodec } from '../../../dist/workers/lane/image/decode/jpeg/exact-codec.js';
import { loadTurboNative } from '../../../dist/workers/lane/image/decode/jpeg/turbo-native-codec.js';
import { createTensorFiller } from '../../../dist/workers/lane/image/normalise/tensor-filler.js';
import { createResamplingKernel } from '../../../dist/workers/lane/image/resample/kernel.js';
import { createPlanCache } from '../../../dist/workers/lane/image/resample/plan-cache.js';

const MAX_PIXELS = 64_000_000;

/**
 * @typedef {object} DecodedImage
 * @property {(to: Float32Array, slot: number) => void} put writes the normalised image
 * @property {Float32Array} [row] the normalised image alone
 * @property {object} geometry how the image lies in the model's input
 *
 * @param {import('../lane.js').LaneConfig} config
 * @returns {Promise<Pick<import('./program.js').Program, 'read' | 'decode' | 'calls' | 'feeds'>>}
 */
export async function imageInputs({ model, signature, decode, batch, sharpThreads }) {
  const { preprocess } = model;
  const [{ name, shape }] = signature.inputs;
  const filler = createTensorFiller(preprocess, 'float32', 'nchw');
  const buffer = filler.allocate(batch);
  const { width, height } = inputSize(preprocess);
  if (sharpThreads !== undefined) sharp.concurrency(sharpThreads);
  const toFeeds = (data, rows) => ({
    [name]: { type: 'float32', data, dims: [rows, 3, height, width] },
  });
  return {
    read: (path) => readFileSync(path),
    decode:
      decode === 'sharp'
        ? (image) => withSharp(image, preprocess, filler)
        : await withKernels(preprocess, decode, filler, batch),
    // A graph with a fixed batch of 1 gets one row per call.
    ...(shape[0] === 1 && { calls: (decoded) => decoded.map((_, i) => [i]) }),
    feeds(decoded) {
      if (decoded.length === 1 && decoded[0].row !== undefined) return toFeeds(decoded[0].row, 1);
      for (const [slot, image] of decoded.entries()) image.put(buffer, slot);
      return toFeeds(buffer.subarray(0, decoded.length * filler.rowLength), decoded.length);
    },
  };
}

/**
 * Decodes one JPEG after the other on this thread, with the service's codecs and the resampling kernel. A decoded image
 * stays valid while the next batch is decoded.
 */
async function withKernels(preprocess, decode, filler, batch) {
  const kernel = createResamplingKernel();
  const limited = { ...preprocess, maxPixels: MAX_PIXELS, maxImageRatio: 5000 };
  const plans = createPlanCache().of(preprocess);
  const codec = (decode === 'fast' ? loadTurboNative() : null) ?? (await loadExactCodec());
  const use = sourceUse(preprocess);
  const rows = Array.from({ length: 3 * batch }, () => filler.allocate(1));
  let next = 0;
  return (image) => {
    const { size } = readImageHeader(image);
    const { geometry, plan } = plans.get(size, () => checkedGeometry(size, image.length, limited));
    // The codec refuses a few files, such as CMYK and truncated ones.
    if (!codec.decode(image, size, plan.region, kernel.open(plan, use)))
      return withSharp(image, preprocess, filler);
    const row = rows[next++ % rows.length];
    filler.put(row, 0, kernelWindow(kernel, plan, use), geometry);
    return { row, geometry, put: (to, slot) => to.set(row, slot * filler.rowLength) };
  };
}

/** Does what a simple script does: reads the header, then runs one pipeline with sharp's defaults. */
async function withSharp(image, preprocess, filler) {
  const { width, height } = await sharp(image).metadata();
  const geometry = planGeometry({ width, height }, preprocess);
  const window = await sharp(image)
    .resize({ ...geometry.resized, fit: 'fill', kernel: 'cubic' })
    .extract(geometry.window)
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer();
  const pixels = fitCrop(window, geometry, inputFrame(preprocess));
  return { geometry, put: (to, slot) => filler.fill(to, slot, pixels) };
}
