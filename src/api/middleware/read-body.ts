/** Reads a JSON body, never more of it than its limit, whatever the headers promise. */
import type { Context } from 'hono';
import { ForebayError, messageOf } from '../../shared/errors.ts';
import { nestsDeeper } from './json-depth.ts';

export const MB = 1024 * 1024;

/** Of a route. */
export interface BodyLimit {
  readonly bytes: number;
  /** What to do instead of sending more. */
  readonly advice: string;
}

/**
 * The parsed JSON, or undefined where there is no body. `maxDepth`: levels that it may nest. Throws ForebayError `request_too_large`,
 * `request_too_deep`, `unsupported_media_type`, `invalid_request`.
 */
export async function readJsonBody(c: Context, limit: BodyLimit, maxDepth: number): Promise<unknown> {
  const promised = c.req.header('content-length');
  if (Number(promised ?? 0) > limit.bytes) throw tooLarge(limit);
  const stream = c.req.raw.body;
  if (stream === null || promised === '0') return undefined;
  // A promised body of the wrong type is not worth reading; an unannounced one may turn out empty.
  if (promised !== undefined) checkMediaType(c);
  const bytes = await collect(stream, limit);
  if (bytes.length === 0) return undefined;
  checkMediaType(c);
  if (nestsDeeper(bytes, maxDepth)) {
    throw new ForebayError(
      'request_too_deep',
      `The body nests deeper than ${maxDepth} levels (FOREBAY_MAX_JSON_DEPTH); no request of this API needs so many.`,
    );
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ForebayError('invalid_request', 'The body is not UTF-8.', { cause });
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new ForebayError('invalid_request', `The body is not JSON: ${messageOf(cause)}.`, { cause });
  }
}

async function collect(stream: ReadableStream<Uint8Array>, limit: BodyLimit): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop cancels the rest of the stream.
  for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > limit.bytes) throw tooLarge(limit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
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
