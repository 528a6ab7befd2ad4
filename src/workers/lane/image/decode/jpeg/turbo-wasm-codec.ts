/**
 * Decodes JPEGs with libjpeg-turbo compiled to scalar WebAssembly. Its pixels are Pillow's to the bit (accurate integer
 * IDCT, smooth chroma upsampling). The only importer of the library.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { JpegCodec } from './jpeg-codec.ts';
import {
  createPixelReader,
  type CodecMemory,
  type DecoderObject,
  type ReadPixels,
} from './turbo-wasm-pixels.ts';

interface Decoder extends DecoderObject {
  getEncodedBuffer(length: number): Uint8Array;
  /** Throws a number (a C++ exception) if libjpeg-turbo fails or warns. */
  decode(): void;
  getFrameInfo(): { width: number; height: number; componentCount: number };
}

interface Library extends CodecMemory {
  readonly JPEGDecoder: new () => Decoder;
}

interface Instance {
  readonly library: Library;
  readonly decoder: Decoder;
  readonly readPixels: ReadPixels;
}

const PACKAGE = '@cornerstonejs/codec-libjpeg-turbo-8bit';
/** WebAssembly memory only grows (from 50 MB). An instance above this is replaced after the image that needed it. */
const KEPT_BYTES = 96 * 2 ** 20;

export async function loadTurboWasm(): Promise<JpegCodec> {
  const require = createRequire(import.meta.url);
  const compiled = await WebAssembly.compile(await readFile(require.resolve(`${PACKAGE}/decodewasm`)));
  const create = require(`${PACKAGE}/decodewasmjs`) as (options: object) => Promise<Library>;
  const instantiate = async (): Promise<Instance> => {
    const library = await create({
      instantiateWasm: (imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void) => {
        const instance = new WebAssembly.Instance(compiled, imports);
        done(instance);
        return instance.exports;
      },
      print: () => {},
      printErr: () => {},
    });
    const decoder = new library.JPEGDecoder();
    return { library, decoder, readPixels: createPixelReader(library, decoder) };
  };

  /** Null while it is being replaced. Images are refused meanwhile, which only costs time in another decoder. */
  let instance: Instance | null = await instantiate();

  function replace(): void {
    instance = null;
    const take = (fresh: Instance) => {
      instance = fresh;
    };
    // If there is no memory for a new instance, the other decoder serves from now on.
    void instantiate().then(take, () => {});
  }

  function decodeWhole(image: Uint8Array, { decoder }: Instance): boolean {
    try {
      decoder.getEncodedBuffer(image.length).set(image);
      decoder.decode();
      return true;
    } catch (error) {
      // The library's own exceptions are numbers. Anything else means that it trapped or ran out of memory, so its
      // state is unknown.
      if (typeof error !== 'number') replace();
      return false;
    }
  }

  return {
    decode(image, size, region, room) {
      if (instance === null || !decodeWhole(image, instance)) return false;
      const { width, height, componentCount } = instance.decoder.getFrameInfo();
      const line = width * componentCount;
      if (width !== size.width || height !== size.height) return false;
      const decoded = instance.readPixels(line * height);
      if (decoded === null) return false;
      const lines = decoded.subarray(region.top * line, (region.top + region.height) * line);
      const put = room.strips(region.left * 3, width * 3);
      if (componentCount === 1) putGrey(lines, line, put);
      else put(lines);
      if (instance.library.HEAPU8.length > KEPT_BYTES) replace();
      return true;
    },
  };
}

const GREY_LINES = 16;

/** Turns grey into three equal channels, some lines at a time. */
function putGrey(grey: Uint8Array, width: number, put: (lines: Uint8Array) => void): void {
  const rgb = new Uint8Array(width * GREY_LINES * 3);
  for (let first = 0; first < grey.length; first += width * GREY_LINES) {
    const end = Math.min(first + width * GREY_LINES, grey.length);
    for (let from = first, to = 0; from < end; from++, to += 3) {
      const value = grey[from]!;
      rgb[to] = value;
      rgb[to + 1] = value;
      rgb[to + 2] = value;
    }
    put(rgb.subarray(0, (end - first) * 3));
  }
}
