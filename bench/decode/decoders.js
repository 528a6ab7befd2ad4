/** The decoders that `decode` compares: those of the project, `exact` without its SIMD decoder, and sharp alone. */
import sharp from 'sharp';
import { createDecoderFactory } from '../../dist/workers/lane/image/decode/decoders.js';
import { planGeometry } from '../../dist/workers/lane/image/decode/geometry.js';
import { loadTurboWasm } from '../../dist/workers/lane/image/decode/jpeg/turbo-wasm-codec.js';

const limits = {
  maxPixels: 64_000_000,
  maxImageRatio: 5000,
  maxDecodeBytes: 2 ** 30,
  decodeBudgetBytes: 2 ** 30,
};
const createDecoder = createDecoderFactory(limits);
const scalar = await loadTurboWasm();
const createScalarDecoder = createDecoderFactory(limits, { loadFast: () => scalar });

/**
 * @param {object} preprocess of a model config
 * @returns {Record<string, (image: Buffer) => Promise<Uint8Array>>}
 */
export function decodersOf(preprocess) {
  const decoderOf = (decode, create = createDecoder) => {
    const decoder = create({ ...preprocess, decode });
    return async (image) => decoder.decode(image);
  };
  return {
    exact: decoderOf('exact'),
    'exact without SIMD': decoderOf('fast', createScalarDecoder),
    fast: decoderOf('fast'),
    shrink: decoderOf('shrink'),
    'sharp alone': async (image) => sharpAlone(image, preprocess),
  };
}

/** One pipeline without colour management and with as little shrink-on-load as sharp allows. */
async function sharpAlone(image, { resize, crop }) {
  const { width, height } = await sharp(image).metadata();
  const { resized, window } = planGeometry({ width, height }, { resize, crop });
  return sharp(image, { ignoreIcc: true })
    .resize({ ...resized, fit: 'fill', kernel: 'cubic', fastShrinkOnLoad: false })
    .extract(window)
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer();
}
