/** Chooses a model's decoder by its config. Decoders of a lane share their parts, which are created on first use. */
import { createSharedMemory } from '../../out-of-memory.ts';
import { createResamplingKernel } from '../resample/kernel.ts';
import { createPlanCache } from '../resample/plan-cache.ts';
import type { ImageLimits } from '../../../../shared/files/row-limits.ts';
import { createDecodeBudget } from './decode-budget.ts';
import type { DecodeConfig, Decoder, Timed } from './decoder.ts';
import type { JpegCodec } from './jpeg-codec.ts';
import { createJpegDecoder } from './jpeg-decoder.ts';
import { createSharpDecoder } from './sharp-decoder.ts';
import { loadTurboNative } from './turbo-native-codec.ts';
import { loadTurboWasm } from './turbo-wasm-codec.ts';

export interface DecoderFactory {
  (model: DecodeConfig): Decoder;
}

/**
 * `loadFast`: returns the codec of `decode: "fast"`, or null if this machine lacks it. Then `exact` serves instead. `timed`:
 * runs work of this thread that begins after the call for an image has returned.
 */
export function createDecoderFactory(
  limits: ImageLimits,
  options: { readonly loadFast?: () => JpegCodec | null; readonly timed?: Timed } = {},
): DecoderFactory {
  const { loadFast = loadTurboNative, timed = (work) => work() } = options;
  const kernel = createResamplingKernel();
  const plans = createPlanCache();
  const memory = createSharedMemory();
  const budget = createDecodeBudget(limits.decodeBudgetBytes);
  let exact: Promise<JpegCodec> | undefined;

  return (model) => {
    const options = { ...model, ...limits };
    const otherwise = createSharpDecoder(options, { kernel, plans, memory, budget, timed });
    // The codecs support neither colour profiles nor orientation.
    if (model.icc === 'convert' || model.auto_orient) return otherwise;
    const fast = model.decode === 'fast' ? loadFast() : null;
    const codec = fast === null ? (exact ??= loadTurboWasm()) : Promise.resolve(fast);
    const jpeg = fast === null ? 'turbo-wasm' : 'turbo-native';
    return createJpegDecoder(options, { codec, jpeg, kernel, plans, budget, otherwise, timed });
  };
}
