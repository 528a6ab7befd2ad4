/**
 * Decodes ordinary JPEGs with the decoder in ./assembly. Its pixels equal those of ./turbo-wasm-codec.ts, bit for bit. It
 * refuses everything that codec refuses, and more.
 */
import { readFileSync } from 'node:fs';
import type { JpegCodec } from './jpeg-codec.ts';

/** The functions of assembly/decoder.ts. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  room(fileBytes: number): number;
  open(
    ...of: [
      fileBytes: number,
      width: number,
      height: number,
      left: number,
      top: number,
      right: number,
      bottom: number,
    ]
  ): number;
  next(): number;
  pixels(): number;
}

/** WebAssembly memory only grows. An instance above this is replaced before the next image. */
const KEPT_BYTES = 24 * 2 ** 20;
/**
 * The decoder holds a file twice. The memory estimate for a JPEG counts the pixels that libjpeg-turbo holds, and this
 * decoder holds none. So the two copies of a file may take as much memory as the pixels would. This much more is allowed,
 * so that small files always fit.
 */
const SPARE_BYTES = 2 ** 20;

/** Compiles the decoder that the build has put beside this file. */
export function createSimdCodec(): JpegCodec {
  const compiled = new WebAssembly.Module(readFileSync(new URL('assembly/decoder.wasm', import.meta.url)));
  const instantiate = () => new WebAssembly.Instance(compiled).exports as unknown as Exports;
  let wasm = instantiate();
  let memory = new Uint8Array(0);

  /** The memory is another one after it has grown. */
  function current(): Uint8Array {
    if (memory.buffer !== wasm.memory.buffer) memory = new Uint8Array(wasm.memory.buffer);
    return memory;
  }

  return {
    decode(image, { width, height }, region, room) {
      if (image.length * 2 > width * height * 3 + SPARE_BYTES) return false;
      if (wasm.memory.buffer.byteLength > KEPT_BYTES) wasm = instantiate();
      const at = wasm.room(image.length);
      if (at === 0) return false;
      current().set(image, at);
      const { left, top } = region;
      const [right, bottom] = [left + region.width, top + region.height];
      if (wasm.open(image.length, width, height, left, top, right, bottom) === 0) return false;
      const stride = region.width * 3;
      const put = room.strips(0, stride);
      const pixels = wasm.pixels();
      let filled = 0;
      for (;;) {
        const lines = wasm.next();
        if (lines < 0) return false;
        if (lines === 0) return filled === region.height;
        put(current().subarray(pixels, pixels + lines * stride));
        filled += lines;
      }
    },
  };
}
