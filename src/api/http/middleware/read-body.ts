/** Reads a body, never more of it than its limit, whatever the headers promise. */
import type { Context } from 'hono';
import { ForebayError } from '../../../shared/errors.ts';

export const MB = 1024 * 1024;

/** Of a route. */
export interface BodyLimit {
  readonly bytes: number;
  /** What to do instead of sending more. */
  readonly advice: string;
}

/** Lets a body of more than LARGE_BYTES in, one of few at a time; see body/large-body-limit.ts. */
export type EnterLarge = () => Promise<void>;

/** Bodies up to here are read and parsed at once. */
export const LARGE_BYTES = 128 * 1024;

/**
 * The bytes, or undefined where there is no body. Throws ForebayError `request_too_large`, `unsupported_media_type`,
 * and what `enterLarge` throws.
 */
export async function readBody(
  c: Context,
  limit: BodyLimit,
  enterLarge: EnterLarge,
): Promise<Buffer<ArrayBuffer> | undefined> {
  const promised = c.req.header('content-length');
  if (Number(promised ?? 0) > limit.bytes) throw tooLarge(limit);
  const stream = c.req.raw.body;
  if (stream === null || promised === '0') return undefined;
  // A promised body of the wrong type is not worth reading; an unannounced one may turn out empty.
  if (promised !== undefined) checkMediaType(c);
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
  // Memory of its own, so that it can be handed to another thread.
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
      `The body must be application/json in UTF-8, it came ${header === undefined ? 'without a Content-Type' : `as ${header}`}.`,
    );
  }
  const encoding = c.req.header('content-encoding');
  if (encoding !== undefined && encoding !== 'identity') {
    throw new ForebayError(
      'unsupported_media_type',
      `The body must not be compressed, it came as ${encoding}.`,
    );
  }
}

function tooLarge(limit: BodyLimit): ForebayError {
  const size = limit.bytes >= MB ? `${limit.bytes / MB} MB` : `${limit.bytes / 1024} KB`;
  return new ForebayError('request_too_large', `The body is larger than ${size}. ${limit.advice}`);
}
