/**
 * libheif as WebAssembly. It is an optional package that users install themselves (ADR 19). It is under the LGPL and
 * holds a decoder of HEVC, on which there are patents. Only this file imports it.
 */
import { createRequire } from 'node:module';
import { ForebayError } from '../../../../../shared/errors.ts';
import type { Size } from '../../resample/pillow-resampler.ts';

export const LIBHEIF = 'libheif-js';

/** Packed lines in the library's memory. Valid until the image is closed. */
export interface HeicPixels {
  readonly data: Uint8Array;
  /** Bytes from one line to the next. */
  readonly stride: number;
}

export interface HeicLibrary {
  /**
   * Opens the image of a file, which costs little. `use` gets the size after the rotation that the file asks for. It
   * calls `decode` for the RGB pixels. Throws an Error if the file or its pixels are damaged.
   */
  open<T>(file: Uint8Array, use: (size: Size, decode: () => HeicPixels) => T): T;
}

interface Status {
  readonly code: unknown;
  readonly message: string;
}

type Handle = { readonly __brand: 'handle' };

/**
 * The part of the library's interface that is used here. For a damaged file, it returns a status instead of throwing.
 */
interface Module {
  readonly HEAPU8: Uint8Array;
  readonly heif_error_code: { readonly heif_error_Ok: unknown };
  readonly heif_colorspace: { readonly heif_colorspace_RGB: unknown };
  readonly heif_chroma: { readonly heif_chroma_interleaved_RGB: unknown };
  heif_context_alloc(): object;
  heif_context_free(context: object): void;
  heif_context_read_from_memory(context: object, file: Uint8Array): Status;
  heif_js_context_get_primary_image_handle(context: object): Handle | Status;
  heif_image_handle_get_width(handle: Handle): number;
  heif_image_handle_get_height(handle: Handle): number;
  heif_image_handle_release(handle: Handle): void;
  heif_js_decode_image2(handle: Handle, colours: unknown, chroma: unknown): Decoded | Status;
  heif_image_release(image: object): void;
}

interface Decoded {
  readonly image: object;
  readonly channels: readonly [HeicPixels];
}

/** WebAssembly never gives memory back. An instance that has grown beyond this is dropped after the image. */
const KEPT_BYTES = 64 * 1024 * 1024;

/** Throws ForebayError `unsupported_format` if the package is not installed. */
export function loadHeicLibrary(): HeicLibrary {
  let create: () => Module;
  try {
    create = createRequire(import.meta.url)(`${LIBHEIF}/libheif-wasm/libheif-bundle.js`) as () => Module;
  } catch (cause) {
    throw new ForebayError(
      'unsupported_format',
      `HEIC needs the optional package ${LIBHEIF}, which cannot be loaded here: run npm install ${LIBHEIF} where forebay is installed, or convert the image`,
      { cause },
    );
  }
  let module: Module | null = null;

  return {
    open(file, use) {
      const own = (module ??= create());
      // An instance that throws has aborted, and cannot be used again.
      module = null;
      const result = openIn(own, file, use);
      if (own.HEAPU8.length <= KEPT_BYTES) module = own;
      return result;
    },
  };
}

function openIn<T>(library: Module, file: Uint8Array, use: Parameters<typeof visit<T>>[2]): T {
  const context = library.heif_context_alloc();
  try {
    const status = library.heif_context_read_from_memory(context, file);
    if (status.code !== library.heif_error_code.heif_error_Ok) throw new Error(status.message);
    const handle = library.heif_js_context_get_primary_image_handle(context);
    if (isStatus(handle)) throw new Error(handle.message);
    try {
      return visit(library, handle, use);
    } finally {
      library.heif_image_handle_release(handle);
    }
  } finally {
    library.heif_context_free(context);
  }
}

function visit<T>(library: Module, handle: Handle, use: (size: Size, decode: () => HeicPixels) => T): T {
  const { heif_colorspace, heif_chroma } = library;
  const size = {
    width: library.heif_image_handle_get_width(handle),
    height: library.heif_image_handle_get_height(handle),
  };
  let image: object | null = null;
  try {
    return use(size, () => {
      const decoded = library.heif_js_decode_image2(
        handle,
        heif_colorspace.heif_colorspace_RGB,
        heif_chroma.heif_chroma_interleaved_RGB,
      );
      if (isStatus(decoded)) throw new Error(decoded.message);
      ({ image } = decoded);
      return decoded.channels[0];
    });
  } finally {
    if (image !== null) library.heif_image_release(image);
  }
}

function isStatus(value: object): value is Status {
  return 'code' in value && value.code !== undefined;
}
