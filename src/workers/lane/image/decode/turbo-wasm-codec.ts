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
  /** A copy. */
  getDecodedBuffer(): Uint8ClampedArray;
  /** Of the binding: where the C++ object lies in memory. */
  readonly $$?: { readonly ptr?: number };
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
    return { library, decoder, pixels: pixelsOf(library, decoder) };
  };

  let instance: Instance | null = await instantiate();

  /** Until it is back, everything is refused, which only costs another decoder's time. */
  function replace(): void {
    instance = null;
    const take = (fresh: Instance) => {
      instance = fresh;
    };
    // No memory for a new one: all the same, the other decoder serves.
    void instantiate().then(take, () => {});
  }

  function decodeWhole(image: Uint8Array, { decoder }: Instance): boolean {
    try {
      decoder.getEncodedBuffer(image.length).set(image);
      decoder.decode();
      return true;
    } catch (error) {
      // Not an exception of the library's own: it trapped or ran out of memory, and is in no known state.
      if (typeof error !== 'number') replace();
      return false;
    }
  }

  return {
    decode(image, size, region, room) {
      if (instance === null || !decodeWhole(image, instance)) return null;
      const { width, height, componentCount } = instance.decoder.getFrameInfo();
      const line = width * componentCount;
      if (width !== size.width || height !== size.height) return null;
      const decoded = instance.pixels(line * height);
      if (decoded === null) return null;
      const lines = decoded.subarray(region.top * line, (region.top + region.height) * line);
      const target = room(width * region.height * 3);
      if (componentCount === 1) spread(lines, target);
      else target.set(lines);
      if (instance.library.HEAPU8.length > KEPT_BYTES) replace();
      return { offset: region.left * 3, stride: width * 3 };
    },
  };
}

/** The pixels of the last image, if they are so many bytes; valid until the next one. */
type Pixels = (length: number) => Uint8Array | null;

interface Instance {
  readonly library: Library;
  readonly decoder: Decoder;
  readonly pixels: Pixels;
}

/**
 * `getDecodedBuffer` copies. The copies of photos made V8 collect garbage four times a second, 7 % of a lane's CPU; so
 * the pixels are read where they lie, provided that the first image, read both ways, proves where that is.
 */
function pixelsOf(library: Library, decoder: Decoder): Pixels {
  const copied: Pixels = (length) => {
    const { buffer, byteOffset, byteLength } = decoder.getDecodedBuffer();
    return byteLength === length ? new Uint8Array(buffer, byteOffset, byteLength) : null;
  };
  const inPlace: Pixels = (length) => {
    const object = decoder.$$?.ptr;
    if (object === undefined) return null;
    const [begin = 0, end = 0] = new Uint32Array(library.HEAPU8.buffer, object + DECODED, 2);
    return end - begin === length ? library.HEAPU8.subarray(begin, end) : null;
  };
  let known: Pixels | null = null;
  return (length) => {
    if (known !== null) return known(length);
    const pixels = copied(length);
    if (pixels === null) return null;
    const found = inPlace(length);
    known = found !== null && Buffer.compare(found, pixels) === 0 ? inPlace : copied;
    return pixels;
  };
}

/** In the package's JPEGDecoder: behind the vector of the encoded bytes. A vector begins with its begin and its end. */
const DECODED = 12;

/** Grey to three equal channels. */
function spread(grey: Uint8Array, rgb: Uint8Array): void {
  for (let from = 0, to = 0; from < grey.length; from++, to += 3) {
    const value = grey[from]!;
    rgb[to] = value;
    rgb[to + 1] = value;
    rgb[to + 2] = value;
  }
}
