/**
 * Decodes JPEGs with a native libjpeg-turbo, whose package is optional and prebuilt. It uses the fast IDCT (ADR 4
 * describes how that changes pixels and answers). The only importer of the library.
 */
import { createRequire } from 'node:module';
import type { JpegCodec } from './jpeg-codec.ts';

interface Library {
  readonly FORMAT_RGB: number;
  decompressSync(
    image: Buffer,
    out: Buffer,
    options: { format: number },
  ): { readonly width: number; readonly height: number; readonly size: number };
}

/** Null if the package or its binary for this platform is not installed. */
export function loadTurboNative(): JpegCodec | null {
  let library: Library;
  try {
    library = createRequire(import.meta.url)('@julusian/jpeg-turbo') as Library;
  } catch {
    return null;
  }
  return {
    decode(image, size, region, room) {
      const stride = size.width * 3;
      const target = room.whole(stride * size.height, region.top * stride + region.left * 3, stride);
      try {
        const found = library.decompressSync(asBuffer(image), asBuffer(target), {
          format: library.FORMAT_RGB,
        });
        return found.width === size.width && found.height === size.height;
      } catch {
        return false;
      }
    },
  };
}

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
