/**
 * The codec of `decode: "exact"`: the SIMD decoder for most JPEGs, and libjpeg-turbo for those that it refuses, such as
 * progressive and damaged ones. Both compute the same pixels. So libjpeg-turbo alone decides what counts as an error.
 */
import type { JpegCodec } from './jpeg-codec.ts';
import { createSimdCodec } from './simd-codec.ts';
import { loadTurboWasm } from './turbo-wasm-codec.ts';

export async function loadExactCodec(): Promise<JpegCodec> {
  const simd = createSimdCodec();
  const turbo = await loadTurboWasm();
  return {
    decode: (image, size, region, room) =>
      simd.decode(image, size, region, room) || turbo.decode(image, size, region, room),
  };
}
