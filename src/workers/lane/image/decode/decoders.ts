/** Chooses a model's decoder by its config. Decoders of a lane share their parts, which are created on first use. */
import { createSharedMemory, type SharedMemory } from '../../out-of-memory.ts';
import { createResamplingKernel, type ResamplingKernel } from '../resample/kernel.ts';
import { createPlanCache } from '../resample/plan-cache.ts';
import type { ImageLimits } from '../../../../shared/files/row-limits.ts';
import { createDecodeBudget, type DecodeBudget } from './memory/decode-budget.ts';
import { createHeicDecoder } from './heic/heic-decoder.ts';
import { loadHeicLibrary, type HeicLibrary } from './heic/heic-library.ts';
import type { DecodeConfig, Decoder, JpegCodecName, Timed } from './decoder.ts';
import { loadExactCodec } from './jpeg/exact-codec.ts';
import type { JpegCodec } from './jpeg/jpeg-codec.ts';
import { createJpegDecoder } from './jpeg/jpeg-decoder.ts';
import { createSharpDecoder } from './sharp-decoder.ts';
import { createPartResizer, type PartResizer } from './picture-decoder.ts';
import { loadTurboNative } from './jpeg/turbo-native-codec.ts';
import { createWindows } from './windows.ts';

export interface DecoderFactory {
  (model: DecodeConfig): Decoder;
  /** For parts of images that are decoded already. */
  resizerOf(model: DecodeConfig): PartResizer;
  /** Resolves when no image of the decoders made so far has to wait for a codec to load. */
  ready(): Promise<void>;
}

/**
 * `loadFast`: returns the codec of `decode: "fast"`, or null if this machine lacks it. Then the exact codec serves
 * instead. `loadHeic`: throws if its library is not installed. It is called for the first HEIC image. `timed`: runs
 * work of this thread that begins after the call for an image has returned. `budget`, `memory`: given in a lane with
 * decode threads, which share them.
 */
export function createDecoderFactory(
  limits: ImageLimits,
  options: {
    readonly loadFast?: () => JpegCodec | null;
    readonly loadHeic?: () => HeicLibrary;
    readonly timed?: Timed;
    readonly budget?: DecodeBudget;
    readonly memory?: SharedMemory;
  } = {},
): DecoderFactory {
  const { loadFast = loadTurboNative, loadHeic = loadHeicLibrary, timed = (work) => work() } = options;
  const { budget = createDecodeBudget(limits.decodeBudgetBytes), memory = createSharedMemory() } = options;
  const kernels: ResamplingKernel[] = [];
  const kernelAt = (i: number) => (kernels[i] ??= createResamplingKernel());
  const plans = createPlanCache();
  let exact: Promise<JpegCodec> | undefined;
  let heic: HeicLibrary | undefined;

  const decoderFor = (model: DecodeConfig): Decoder => {
    const options = { ...model, ...limits };
    const windows = createWindows(options, { kernelAt, plans });
    const rest = createSharpDecoder(options, { windows, memory, budget, timed });
    const load = () => (heic ??= loadHeic());
    const otherwise = createHeicDecoder(options, { load, windows, budget, otherwise: rest, timed });
    if (isForSharp(model)) return otherwise;
    const fast = model.decode === 'fast' ? loadFast() : null;
    const codec = fast === null ? (exact ??= loadExactCodec()) : Promise.resolve(fast);
    const jpeg = fast === null ? 'wasm' : 'turbo-native';
    return createJpegDecoder(options, { codec, jpeg, windows, budget, otherwise, timed });
  };
  return Object.assign(decoderFor, {
    resizerOf: (model: DecodeConfig) => createPartResizer({ ...model, ...limits }, kernelAt(0)),
    async ready() {
      // Without the codec, another decoder serves.
      await Promise.allSettled([exact]);
    },
  });
}

/** The codec for JPEGs of this config. */
export function jpegCodecOf(model: DecodeConfig): JpegCodecName {
  if (isForSharp(model)) return 'sharp';
  return model.decode === 'fast' && loadTurboNative() !== null ? 'turbo-native' : 'wasm';
}

/** The codecs support neither colour profiles nor orientation. */
function isForSharp({ icc, auto_orient }: DecodeConfig): boolean {
  return icc === 'convert' || auto_orient;
}
