/** Decompresses pages. The codecs of Node work in its threads, so that the event loop goes on. */
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import {
  compressors,
  decompressLz4,
  decompressLz4Raw,
  decompressSnappy,
  decompressZstd,
} from 'hyparquet-compressors';
import { asDamage, Damage } from '../file/damage.ts';

type Decompress = (bytes: Uint8Array, size: number) => Uint8Array | Promise<Uint8Array>;

const gunzip = promisify(zlib.gunzip);
const brotli = promisify(zlib.brotliDecompress);

/** The memory of the shared Snappy decoder never shrinks, so large pages get a decoder of their own. */
const SHARED_SNAPPY_BYTES = 8 * 1024 * 1024;

const CODECS: Readonly<Record<string, Decompress>> = {
  UNCOMPRESSED: (bytes) => bytes,
  SNAPPY(bytes, size) {
    const isSmall = bytes.length + size <= SHARED_SNAPPY_BYTES;
    return isSmall ? compressors.SNAPPY!(bytes, size) : decompressSnappy(bytes, size);
  },
  GZIP: async (bytes, size) => gunzip(bytes, { maxOutputLength: Math.max(1, size) }),
  BROTLI: async (bytes, size) => brotli(bytes, { maxOutputLength: Math.max(1, size) }),
  ZSTD: zstd(),
  LZ4: decompressLz4,
  LZ4_RAW: decompressLz4Raw,
};

/** Node has Zstandard from version 22.15 on. */
function zstd(): Decompress {
  const found: unknown = Reflect.get(zlib, 'zstdDecompress');
  if (typeof found !== 'function') return (bytes, size) => decompressZstd(bytes, new Uint8Array(size));
  const native = promisify(found as typeof zlib.gunzip);
  return async (bytes, size) => native(bytes, { maxOutputLength: Math.max(1, size) });
}

export function knowsCodec(codec: string): boolean {
  return Object.hasOwn(CODECS, codec);
}

/** Throws Damage. */
export async function decompress(codec: string, bytes: Uint8Array, size: number): Promise<Uint8Array> {
  if (!knowsCodec(codec)) throw new Damage(`the codec ${codec} is not supported`);
  if (size === 0) return new Uint8Array(0);
  const found = await decompressed(codec, bytes, size);
  if (found.length === size) return found;
  throw new Damage(`a page has ${found.length} bytes where its header says ${size}`);
}

async function decompressed(codec: string, bytes: Uint8Array, size: number): Promise<Uint8Array> {
  try {
    return await CODECS[codec]!(bytes, size);
  } catch (error) {
    throw asDamage(error);
  }
}
