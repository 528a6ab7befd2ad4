/** Reads and decompresses the body of a response, whole or chunk by chunk. Stops as soon as it exceeds a limit. */
import type { IncomingHttpHeaders } from 'node:http';
import { pipeline, type Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, type Gunzip } from 'node:zlib';
import { ForebayError, messageOf } from '../errors.ts';

/** Servers that store compressed objects send them compressed even when asked for `identity`. */
const DECODERS: Readonly<Record<string, () => Decompressor>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/**
 * Values of `content-encoding` of an uncompressed body: character sets, names for "none", and `aws-chunked`, which S3
 * keeps from the upload.
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

export interface BodyAndHeaders {
  readonly body: Readable;
  readonly headers: IncomingHttpHeaders;
}

/** The common interface of all zlib decompressors. */
type Decompressor = Pick<Gunzip, 'bytesWritten'> & NodeJS.ReadWriteStream;

export interface ReadLimits {
  /** Largest body, decompressed. */
  readonly maxBytes: number;
  /** Largest body, as a multiple of its compressed size. Bodies up to RATIO_FLOOR are exempt. */
  readonly maxRatio: number;
}

/** A body of this size is harmless, however small its compressed form. */
const RATIO_FLOOR = 1024 * 1024;

/** Throws ForebayError `file_too_large`, `fetch_inflated`, or `fetch_unreadable` for unknown or broken compression. */
export async function readBody(response: BodyAndHeaders, limits: ReadLimits): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of limitedChunks(response, limits)) chunks.push(chunk);
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

/** For bodies that do not fit into memory. Throws as readBody does. */
export async function* limitedChunks(
  response: BodyAndHeaders,
  { maxBytes, maxRatio }: ReadLimits,
): AsyncGenerator<Buffer, void, undefined> {
  const { body, headers } = response;
  try {
    const announced = Number(headers['content-length'] ?? 0);
    if (announced > maxBytes) throw tooLarge(`${announced} bytes`, maxBytes);
    const decoder = decoderOf(String(headers['content-encoding'] ?? ''));
    if (decoder !== null) pipeline(body, decoder, () => {}); // The decoder passes errors on to its reader.
    let size = 0;
    // Only the ratio of the whole body counts, because a part, such as the plain sky of a photo, may have the ratio of
    // a zip bomb. An announced length gives the limit early. Without one, the ratio is checked at the end.
    const most = announced > 0 ? Math.max(RATIO_FLOOR, maxRatio * announced) : Infinity;
    for await (const chunk of chunksOf(response, decoder)) {
      size += chunk.length;
      if (size > maxBytes) throw tooLarge(`more than ${maxBytes} bytes`, maxBytes);
      if (decoder !== null && size > most) throw inflated(announced, maxRatio);
      yield chunk;
    }
    if (decoder !== null && size > Math.max(RATIO_FLOOR, maxRatio * decoder.bytesWritten)) {
      throw inflated(decoder.bytesWritten, maxRatio);
    }
  } catch (error) {
    body.on('error', () => {}).destroy();
    throw error;
  }
}

/** The body's bytes. Distinguishes a body that cannot be decoded from a broken connection. */
async function* chunksOf(
  { body, headers }: BodyAndHeaders,
  decoder: Decompressor | null,
): AsyncGenerator<Buffer, void, undefined> {
  if (decoder === null) return yield* body as AsyncIterable<Buffer>;
  try {
    yield* decoder as AsyncIterable<Buffer>;
  } catch (error) {
    // Without a length or chunks, a body that ends early may have been truncated by the connection.
    const framed = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
    const cut = (error as NodeJS.ErrnoException).code === 'Z_BUF_ERROR' && !framed;
    if (body.errored !== null || cut) throw error;
    throw new ForebayError(
      'fetch_unreadable',
      `the body does not match its content-encoding "${String(headers['content-encoding'])}": ${messageOf(error)}`,
      { cause: error },
    );
  }
}

/** The compressions that a `content-encoding` names. */
export function codingsOf(header: string): string[] {
  const codings = header.split(',').map((name) => name.trim().toLowerCase());
  return codings.filter((coding) => !PLAIN.has(coding));
}

/** Null: the body is not compressed. */
function decoderOf(header: string): Decompressor | null {
  const [name, ...more] = codingsOf(header);
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

export function tooLarge(size: string, maxBytes: number): ForebayError {
  return new ForebayError('file_too_large', `the server sends ${size}, and the limit is ${maxBytes}`);
}

function inflated(compressed: number, maxRatio: number): ForebayError {
  return new ForebayError(
    'fetch_inflated',
    `${compressed} compressed bytes decompress to more than ${maxRatio} times as many. Configure the server to send the image uncompressed, or raise FOREBAY_MAX_FETCH_RATIO`,
  );
}
