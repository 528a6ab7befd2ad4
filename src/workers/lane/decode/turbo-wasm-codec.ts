/**
 * JPEG by libjpeg-turbo compiled to WebAssembly: to the bit what Pillow decodes (accurate integer IDCT, smooth
 * chroma upsampling). The only importer of it.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { JpegCodec } from './jpeg-codec.ts';

interface Decoder {
  getEncodedBuffer(length: number): Uint8Array;
  /** Throws a number (a C++ exception) where libjpeg-turbo fails or warns. */
  decode(): void;
  getFrameInfo(): { width: number; height: number; componentCount: number };
  getDecodedBuffer(): Uint8Array;
}

interface Library {
  readonly JPEGDecoder: new () => Decoder;
  readonly HEAPU8: Uint8Array;
}

const PACKAGE = '@cornerstonejs/codec-libjpeg-turbo-8bit';
/** WebAssembly memory only grows (from 50 MB); above this it is replaced after the image that needed it. */
const KEPT_BYTES = 96 * 2 ** 20;

export async function loadTurboWasm(): Promise<JpegCodec> {
  const require = createRequire(import.meta.url);
  const compiled = await WebAssembly.compile(await readFile(require.resolve(`${PACKAGE}/decodewasm`)));
  const create = require(`${PACKAGE}/decodewasmjs`) as (options: object) => Promise<Library>;
  const instantiate = async () =>
    create({
      instantiateWasm: (imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void) => {
        const instance = new WebAssembly.Instance(compiled, imports);
        done(instance);
        return instance.exports;
      },
      print: () => {},
      printErr: () => {},
    });

  let library: Library | null = await instantiate();
  let decoder: Decoder | null = new library.JPEGDecoder();

  /** Until it is back, everything is refused, which only costs another decoder's time. */
  function replace(): void {
    library = null;
    decoder = null;
    const take = (fresh: Library) => {
      library = fresh;
      decoder = new fresh.JPEGDecoder();
    };
    // No memory for a new one: all the same, the other decoder serves.
    void instantiate().then(take, () => {});
  }

  function decodeWhole(image: Uint8Array, using: Decoder): boolean {
    try {
      using.getEncodedBuffer(image.length).set(image);
      using.decode();
      return true;
    } catch (error) {
      // Not an exception of the library's own: it trapped or ran out of memory, and is in no known state.
      if (typeof error !== 'number') replace();
      return false;
    }
  }

  return {
    decode(image, size, region, room) {
      if (decoder === null || !decodeWhole(image, decoder)) return null;
      const { width, height, componentCount } = decoder.getFrameInfo();
      const decoded = decoder.getDecodedBuffer();
      const line = width * componentCount;
      if (width !== size.width || height !== size.height || decoded.length !== line * height) return null;
      const lines = decoded.subarray(region.top * line, (region.top + region.height) * line);
      const target = room(width * region.height * 3);
      if (componentCount === 1) spread(lines, target);
      else target.set(lines);
      if (library!.HEAPU8.length > KEPT_BYTES) replace();
      return { offset: region.left * 3, stride: width * 3 };
    },
  };
}

/** Grey to three equal channels. */
function spread(grey: Uint8Array, rgb: Uint8Array): void {
  for (let from = 0, to = 0; from < grey.length; from++, to += 3) {
    const value = grey[from]!;
    rgb[to] = value;
    rgb[to + 1] = value;
    rgb[to + 2] = value;
  }
}
