// Compares the JPEG codecs of `decode: "exact"`.
import { loadTurboWasm } from '#forebay/workers/lane/image/decode/jpeg/turbo-wasm-codec.js';
import { createSimdCodec } from '#forebay/workers/lane/image/decode/jpeg/simd-codec.js';
import type { PixelRoom } from '#forebay/workers/lane/image/resample/kernel.js';
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
    const line = part.width * 3;
    const pixels = Buffer.alloc(line * part.height);
    let filled = 0;
    const room: PixelRoom = {
      whole() {
        throw new Error('these codecs have the lines one after the other');
      },
      strips(offset, stride) {
        filled = 0;
        return (lines) => {
          for (let at = offset; at < lines.length; at += stride) {
            pixels.set(lines.subarray(at, at + line), filled);
            filled += line;
          }
        };
      },
    };
    return codec.decode(image, size, part, room) && filled === pixels.length ? pixels : null;
  };
}
