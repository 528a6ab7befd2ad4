/** Reads a body up to its limit, whatever length its headers announce. */
import type { Context } from 'hono';
import { ForebayError } from '../../../shared/errors.ts';
import type { BufferPool } from '../../../shared/process/buffer-pool.ts';
import { eachChunk, type BodyStream } from './each-chunk.ts';
import { nodeBindings } from './node-bindings.ts';

export const MB = 1024 * 1024;

/** The size limit of a route. */
export interface BodyLimit {
  readonly bytes: number;
  /** What the client should do instead of sending more. */
  readonly advice: string;
}

/** Waits until a body of this length, as far as it is known, may be in memory. Rejects or throws if it may not. */
export type AdmitBody = (length: number) => Promise<void> | undefined;

export interface BodyAdmission {
  readonly admit: AdmitBody;
  /** Lends the buffer of the body. Its last user may give it back. */
  readonly buffers: BufferPool;
  /** Must be called when the request is done. */
  release(): void;
}

export const JSON_TYPE = 'application/json';
/** Accepts every type and none, because clients of some protocols do not send one. */
export const ANY_TYPE = '*/*';

export interface ReadBody {
  /** Undefined without a body. */
  readonly bytes: Buffer<ArrayBuffer> | undefined;
  /** In lower case, without parameters. Empty without a body. */
  readonly type: string;
}

/**
 * `types`: the media types that the body may have, such as `image/*`. Rejects with ForebayError `request_too_large`,
 * `unsupported_media_type`, and as `admit` does.
 */
export async function readBody(
  c: Context,
  limit: BodyLimit,
  types: readonly string[],
  admission: Pick<BodyAdmission, 'admit' | 'buffers'>,
): Promise<ReadBody> {
  const announced = c.req.header('content-length');
  if (Number(announced ?? 0) > limit.bytes) throw tooLarge(limit);
  const stream = streamOf(c);
  if (stream === null || announced === '0') return NO_BODY;
  // A body of a wrong type is refused without reading it. A body without a declared length may turn out to be empty.
  if (announced !== undefined) mediaTypeOf(c, types);
  const bytes = await collect(stream, limit, admission, Number(announced ?? Infinity));
  if (bytes.length === 0) return NO_BODY;
  return { bytes, type: mediaTypeOf(c, types) };
}

const NO_BODY: ReadBody = { bytes: undefined, type: '' };

/** Node's own stream where there is one. A web stream costs more CPU than the rest of a small request. */
function streamOf(c: Context): BodyStream | null {
  const { incoming } = nodeBindings(c);
  return incoming ?? (c.req.raw.body as AsyncIterable<Uint8Array> | null);
}

/** Reading begins with a buffer of this size, or of the announced length if that is less. */
const FIRST_BYTES = 128 * 1024;

/**
 * `announced`: the declared length, or Infinity. Memory is allocated for bytes that have arrived, not for announced
 * ones.
 */
async function collect(
  stream: BodyStream,
  limit: BodyLimit,
  { admit, buffers }: Pick<BodyAdmission, 'admit' | 'buffers'>,
  announced: number,
): Promise<Buffer<ArrayBuffer>> {
  let whole = buffers.take(0);
  let length = 0;

  function add(chunk: Uint8Array): void {
    const end = length + chunk.length;
    if (end > whole.length) {
      const larger = buffers.take(Math.max(end, Math.min(announced, Math.max(2 * end, FIRST_BYTES))));
      whole.copy(larger, 0, 0, length);
      buffers.giveBack(whole);
      whole = larger;
    }
    whole.set(chunk, length);
    length = end;
  }

  await eachChunk(stream, (chunk) => {
    const end = length + chunk.length;
    if (end > limit.bytes) throw tooLarge(limit);
    const admitted = admit(end);
    if (admitted === undefined) return add(chunk);
    return admitted.then(() => add(chunk));
  });
  return whole.subarray(0, length);
}

function mediaTypeOf(c: Context, types: readonly string[]): string {
  const header = c.req.header('content-type');
  const [type = '', ...parameters] = (header ?? '').split(';').map((part) => part.trim().toLowerCase());
  const charset = parameters.find((p) => p.startsWith('charset='))?.slice('charset='.length);
  const isKnown =
    types.includes(ANY_TYPE) ||
    types.some((one) => one === type || (one.endsWith('/*') && type.startsWith(one.slice(0, -1))));
  if (!isKnown || (charset !== undefined && !/^"?utf-?8"?$/.test(charset))) {
    const last = types.at(-1);
    const list = types.length === 1 ? last : `${types.slice(0, -1).join(', ')} or ${last}`;
    throw new ForebayError(
      'unsupported_media_type',
      `The body must be ${list}, and text in UTF-8. It came ${header === undefined ? 'without a Content-Type' : `as ${header}`}.`,
    );
  }
  const encoding = c.req.header('content-encoding');
  if (encoding !== undefined && encoding !== 'identity') {
    throw new ForebayError(
      'unsupported_media_type',
      `The body must not be compressed. It came as ${encoding}.`,
    );
  }
  return type;
}

function tooLarge(limit: BodyLimit): ForebayError {
  const size = limit.bytes >= MB ? `${limit.bytes / MB} MB` : `${limit.bytes / 1024} KB`;
  return new ForebayError('request_too_large', `The body is larger than ${size}. ${limit.advice}`);
}
