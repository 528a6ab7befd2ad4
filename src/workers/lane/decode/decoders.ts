/** Which decoder a model gets, by its contract. The parts that decoders share are made once a lane, when needed. */
import { createSharedMemory } from '../out-of-memory.ts';
import { createResamplingKernel } from '../resample/kernel.ts';
import { createPlanCache } from '../resample/plan-cache.ts';
import type { DecodeOptions, Decoder } from './decoder.ts';
import type { JpegCodec } from './jpeg-codec.ts';
import { createJpegDecoder } from './jpeg-decoder.ts';
import { createSharpDecoder } from './sharp-decoder.ts';
import { loadTurboNative } from './turbo-native-codec.ts';
import { loadTurboWasm } from './turbo-wasm-codec.ts';

export interface DecoderFactory {
  (options: DecodeOptions): Decoder;
}

/** `loadFast`: the codec of `decode: "fast"`; null where this machine lacks it, and `exact` serves instead. */
export function createDecoderFactory(loadFast: () => JpegCodec | null = loadTurboNative): DecoderFactory {
  const kernel = createResamplingKernel();
  const plans = createPlanCache();
  const memory = createSharedMemory();
  let exact: Promise<JpegCodec> | undefined;

  return (options) => {
    const otherwise = createSharpDecoder(options, { kernel, plans, memory });
    // Codecs know neither colour profiles nor orientation.
    if (options.icc === 'convert' || options.auto_orient) return otherwise;
    const fast = options.decode === 'fast' ? loadFast() : null;
    const codec = fast === null ? (exact ??= loadTurboWasm()) : Promise.resolve(fast);
    const jpeg = fast === null ? 'turbo-wasm' : 'turbo-native';
    return createJpegDecoder(options, { codec, jpeg, kernel, plans, otherwise });
  };
}
