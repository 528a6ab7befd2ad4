/** A response's body as bytes, decompressed, ended as soon as it exceeds a limit. */
import { pipeline } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, type Gunzip } from 'node:zlib';
import type { Dispatcher } from 'undici';
import { ForebayError, messageOf } from '../errors.ts';

/** Servers that store compressed objects send them so even to who asks for `identity`. */
const DECODERS: Readonly<Record<string, () => Decompressor>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/**
 * What servers and storage send as an encoding although the body is as it is: character sets, names for "none", and
 * `aws-chunked`, which S3 keeps from the upload that it has undone.
 */
const PLAIN: ReadonlySet<string> = new Set([
  '',
  'identity',
  'none',
  'null',
  'raw',
  'binary',
  '8bit',
  'utf-8',
  'utf8',
  'ascii',
  'us-ascii',
  'iso-8859-1',
  'aws-chunked',
]);

/** All of zlib's are alike in what is needed here. */
type Decompressor = Pick<Gunzip, 'bytesWritten'> & NodeJS.ReadWriteStream;

export interface ReadLimits {
  /** Largest body, decompressed. */
  readonly maxBytes: number;
  /** Times its compressed size that a body above RATIO_FLOOR may have. */
  readonly maxRatio: number;
}

/** Below this a body costs nobody anything, whatever it was before. */
const RATIO_FLOOR = 1024 * 1024;

/** Throws ForebayError `file_too_large`, `fetch_inflated`, `fetch_unreadable` (unknown or broken compression). */
export async function readBody(
  response: Dispatcher.ResponseData,
  { maxBytes, maxRatio }: ReadLimits,
): Promise<Uint8Array> {
  const { body, headers } = response;
  try {
    const announced = Number(headers['content-length'] ?? 0);
    if (announced > maxBytes) throw tooLarge(`${announced} bytes`, maxBytes);
    const decoder = decoderOf(String(headers['content-encoding'] ?? ''));
    if (decoder !== null) pipeline(body, decoder, () => {}); // errors reach the reader through the decoder
    const chunks: Buffer[] = [];
    let size = 0;
    // The ratio of the whole is what counts: a plain sky on top of a photo unfolds like a bomb. So it is judged as
    // soon as the whole is known to be too small, which is at the end where its length was not announced.
    const most = announced > 0 ? Math.max(RATIO_FLOOR, maxRatio * announced) : Infinity;
    for await (const chunk of chunksOf(response, decoder)) {
      size += chunk.length;
      if (size > maxBytes) throw tooLarge(`more than ${maxBytes} bytes`, maxBytes);
      if (decoder !== null && size > most) throw inflated(announced, maxRatio);
      chunks.push(chunk);
    }
    if (decoder !== null && size > Math.max(RATIO_FLOOR, maxRatio * decoder.bytesWritten)) {
      throw inflated(decoder.bytesWritten, maxRatio);
    }
    return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size);
  } catch (error) {
    body.on('error', () => {}).destroy();
    throw error;
  }
}

/** The body's bytes; what a decoder cannot decode is told from a connection that breaks. */
async function* chunksOf(
  { body, headers }: Dispatcher.ResponseData,
  decoder: Decompressor | null,
): AsyncGenerator<Buffer, void, undefined> {
  if (decoder === null) return yield* body as AsyncIterable<Buffer>;
  try {
    yield* decoder as AsyncIterable<Buffer>;
  } catch (error) {
    // A body that ends with its connection may have been cut: nothing said how long it is.
    const framed = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
    const cut = (error as NodeJS.ErrnoException).code === 'Z_BUF_ERROR' && !framed;
    if (body.errored !== null || cut) throw error;
    throw new ForebayError(
      'fetch_unreadable',
      `the body is not what its content-encoding "${String(headers['content-encoding'])}" says: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

/** Null: the body is as it is. */
function decoderOf(header: string): Decompressor | null {
  const codings = header.split(',').map((name) => name.trim().toLowerCase());
  const [name, ...more] = codings.filter((coding) => !PLAIN.has(coding));
  if (name === undefined) return null;
  const decoder = more.length === 0 ? DECODERS[name] : undefined;
  if (decoder === undefined) {
    throw new ForebayError(
      'fetch_unreadable',
      `unknown content-encoding "${header.slice(0, 100)}"; known are ${Object.keys(DECODERS).join(', ')}`,
    );
  }
  return decoder();
}

function tooLarge(size: string, maxBytes: number): ForebayError {
  return new ForebayError('file_too_large', `the server sends ${size}; the limit is ${maxBytes}`);
}

function inflated(compressed: number, maxRatio: number): ForebayError {
  return new ForebayError(
    'fetch_inflated',
    `the server's ${compressed} compressed bytes unfold to more than ${maxRatio} times as many; have it send the image as it is, or raise FOREBAY_MAX_FETCH_RATIO`,
  );
}
