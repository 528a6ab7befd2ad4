/** Decompresses gzip as a stream, also files of several members. */
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

const OUT_BYTES = 256 * 1024;

/** Throws the error of `chunks`, or an Error that says what is wrong with the data. */
export async function* gunzip(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const decoder = createGunzip({ chunkSize: OUT_BYTES });
  // The decoder passes errors on to its reader.
  pipeline(Readable.from(chunks, { objectMode: true, highWaterMark: 1 }), decoder, () => {});
  try {
    yield* decoder as AsyncIterable<Uint8Array>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'Z_BUF_ERROR') throw error;
    throw new Error('it ends too early', { cause: error });
  }
}
