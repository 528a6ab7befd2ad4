/** Reads a body up to its limit, whatever length its headers announce. */
import type { Context } from 'hono';
import { ForebayError } from '../../../shared/errors.ts';

export const MB = 1024 * 1024;

/** The size limit of a route. */
export interface BodyLimit {
  readonly bytes: number;
  /** What the client should do instead of sending more. */
  readonly advice: string;
}

/** Waits until a body of more than LARGE_BYTES may be read. See body/large-body-limit.ts. */
export type EnterLarge = () => Promise<void>;

/** Bodies up to this size are read and parsed immediately. */
export const LARGE_BYTES = 128 * 1024;

/**
 * Returns the bytes, or undefined without a body. Rejects with ForebayError `request_too_large`,
 * `unsupported_media_type`, and as `enterLarge` does.
 */
export async function readBody(
  c: Context,
  limit: BodyLimit,
  enterLarge: EnterLarge,
): Promise<Buffer<ArrayBuffer> | undefined> {
  const announced = c.req.header('content-length');
  if (Number(announced ?? 0) > limit.bytes) throw tooLarge(limit);
  const stream = c.req.raw.body;
  if (stream === null || announced === '0') return undefined;
  // A body of a wrong type is refused without reading it. A body without a declared length may turn out to be empty.
  if (announced !== undefined) checkMediaType(c);
  const bytes = await collect(stream, limit, enterLarge);
  if (bytes.length === 0) return undefined;
  checkMediaType(c);
  return bytes;
}

async function collect(
  stream: ReadableStream<Uint8Array>,
  limit: BodyLimit,
  enterLarge: EnterLarge,
): Promise<Buffer<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop cancels the rest of the stream.
  for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>) {
    const wasLarge = length > LARGE_BYTES;
    length += chunk.length;
    if (length > limit.bytes) throw tooLarge(limit);
    if (length > LARGE_BYTES && !wasLarge) await enterLarge();
    chunks.push(chunk);
  }
  // Not from the shared pool, so that the buffer can be transferred to another thread.
  const whole = Buffer.allocUnsafeSlow(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

function checkMediaType(c: Context): void {
  const header = c.req.header('content-type');
  const [type = '', ...parameters] = (header ?? '').split(';').map((part) => part.trim().toLowerCase());
  const charset = parameters.find((p) => p.startsWith('charset='))?.slice('charset='.length);
  if (type !== 'application/json' || (charset !== undefined && !/^"?utf-?8"?$/.test(charset))) {
    throw new ForebayError(
      'unsupported_media_type',
      `The body must be application/json in UTF-8. It came ${header === undefined ? 'without a Content-Type' : `as ${header}`}.`,
    );
  }
  const encoding = c.req.header('content-encoding');
  if (encoding !== undefined && encoding !== 'identity') {
    throw new ForebayError(
      'unsupported_media_type',
      `The body must not be compressed. It came as ${encoding}.`,
    );
  }
}

function tooLarge(limit: BodyLimit): ForebayError {
  const size = limit.bytes >= MB ? `${limit.bytes / MB} MB` : `${limit.bytes / 1024} KB`;
  return new ForebayError('request_too_large', `The body is larger than ${size}. ${limit.advice}`);
}
