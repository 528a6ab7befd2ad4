// Compares the JPEG codecs of `decode: "exact"`.
import { loadTurboWasm } from '#forebay/workers/lane/image/decode/jpeg/turbo-wasm-codec.js';
import { createSimdCodec } from '#forebay/workers/lane/image/decode/jpeg/simd-codec.js';
import type { JpegCodec } from '#forebay/workers/lane/image/decode/jpeg/jpeg-codec.js';

export interface Part {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface JpegCodecs {
  /** The part's RGB, or null if the codec refuses the image. */
  readonly simd: (image: Uint8Array, size: Size, part?: Part) => Buffer | null;
  readonly turbo: (image: Uint8Array, size: Size, part?: Part) => Buffer | null;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

export async function loadJpegCodecs(): Promise<JpegCodecs> {
  return { simd: pixelsBy(createSimdCodec()), turbo: pixelsBy(await loadTurboWasm()) };
}

function pixelsBy(codec: JpegCodec): JpegCodecs['simd'] {
  return (image, size, part = { left: 0, top: 0, ...size }) => {
    let buffer = new Uint8Array(0);
    const found = codec.decode(image, size, part, (length) => (buffer = new Uint8Array(length)));
    if (found === null) return null;
    const line = part.width * 3;
    const pixels = Buffer.alloc(line * part.height);
    for (let y = 0; y < part.height; y++) {
      const at = found.offset + y * found.stride;
      pixels.set(buffer.subarray(at, at + line), y * line);
    }
    return pixels;
  };
}
