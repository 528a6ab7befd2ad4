/** A response's body as bytes, decompressed, ended as soon as it exceeds a limit. */
import { pipeline } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { Dispatcher } from 'undici';
import { ForebayError } from '../errors.ts';

/** Servers that store compressed objects send them so even to who asks for `identity`. */
const DECODERS: Readonly<Record<string, () => NodeJS.ReadWriteStream>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** Throws ForebayError `file_too_large`, `fetch_failed` (unknown or broken compression). */
export async function readBody(response: Dispatcher.ResponseData, maxBytes: number): Promise<Uint8Array> {
  const { body, headers } = response;
  try {
    const announced = Number(headers['content-length'] ?? 0);
    if (announced > maxBytes) throw tooLarge(`${announced} bytes`, maxBytes);
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of decoded(body, String(headers['content-encoding'] ?? 'identity'))) {
      size += chunk.length;
      if (size > maxBytes) throw tooLarge(`more than ${maxBytes} bytes`, maxBytes);
      chunks.push(chunk);
    }
    return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size);
  } catch (error) {
    body.on('error', () => {}).destroy();
    throw error;
  }
}

function decoded(body: Dispatcher.ResponseData['body'], encoding: string): AsyncIterable<Buffer> {
  const name = encoding.trim().toLowerCase();
  if (name === 'identity' || name === '') return body;
  const decoder = DECODERS[name]?.();
  if (decoder === undefined) throw new ForebayError('fetch_failed', `unknown content-encoding "${name}"`);
  pipeline(body, decoder, () => {}); // errors reach the reader through the decoder
  return decoder as unknown as AsyncIterable<Buffer>;
}

function tooLarge(size: string, maxBytes: number): ForebayError {
  return new ForebayError('file_too_large', `the server sends ${size}; the limit is ${maxBytes}`);
}
