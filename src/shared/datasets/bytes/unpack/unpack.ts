/** Decompresses the bytes of a file, if they are compressed. Refuses what is damaged, and what grows out of proportion. */
import { ForebayError, messageOf } from '../../../errors.ts';
import {
  COMPRESSION_HEAD_BYTES,
  compressionOf,
  foreignCompression,
  type Compression,
} from '../compression.ts';
import { gunzip } from './gunzip.ts';
import { unzstd } from './zstd.ts';

export interface PackedFile {
  /** For messages. */
  readonly name: string;
  /** Bytes. Null if unknown. */
  readonly size: number | null;
  /** The file as it is. Throws ForebayError. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

export interface UnpackLimits {
  /** Decompressed bytes per compressed byte. Files up to RATIO_FLOOR are exempt. */
  readonly maxRatio: number;
}

const DECODERS = { gzip: gunzip, zstd: unzstd };

/** A file of this size is harmless, however small its compressed form. */
const RATIO_FLOOR = 64 * 1024 * 1024;

/** The plain bytes. Throws ForebayError `input_unreadable`, and the errors of `chunks`. */
export async function* unpack(
  { name, size, chunks }: PackedFile,
  { maxRatio }: UnpackLimits,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const refuse = (why: string, cause?: unknown) =>
    new ForebayError('input_unreadable', `${name} ${why}`, { cause });
  const packed = await peek(chunks);
  let plain: Peeked | null = null;
  let taken = 0;
  let given = 0;
  async function* counted() {
    for await (const chunk of packed.chunks) {
      taken += chunk.length;
      yield chunk;
    }
  }
  const check = (compressed: number) => {
    if (given <= Math.max(RATIO_FLOOR, maxRatio * compressed)) return;
    throw refuse(
      `decompresses to more than ${maxRatio} times its size. Decompress it first, or raise FOREBAY_MAX_FETCH_RATIO.`,
    );
  };
  try {
    const compression = checkHead(packed.head, refuse);
    if (compression === null) return yield* packed.chunks;
    plain = await peek(DECODERS[compression](counted())).catch((error: unknown) => {
      throw damaged(compression, error);
    });
    if (compressionOf(plain.head) !== null) throw refuse('is compressed twice. Decompress it once.');
    for (;;) {
      const chunk = await plain.next().catch((error: unknown) => {
        throw damaged(compression, error);
      });
      if (chunk === null) break;
      signal.throwIfAborted();
      given += chunk.length;
      // Only the ratio of the whole file counts, because a uniform part alone can have the ratio of a bomb.
      if (size !== null) check(size);
      yield chunk;
    }
    check(taken);
  } finally {
    await plain?.close();
    await packed.close();
  }

  function damaged(compression: Compression, error: unknown): unknown {
    signal.throwIfAborted();
    if (error instanceof ForebayError) return error;
    return refuse(
      `is a damaged ${compression} file: ${messageOf(error)}. Compress it again, or upload it again.`,
      error,
    );
  }
}

/** How a file that begins with `head` is compressed. Throws what `refuse` returns if that cannot be read. */
export function checkHead(head: Uint8Array, refuse: (why: string) => ForebayError): Compression | null {
  const foreign = foreignCompression(head);
  if (foreign === null) return compressionOf(head);
  throw refuse(`is compressed with ${foreign}, which Forebay cannot read. Use gzip or zstd.`);
}

/** A stream whose first bytes are known. */
interface Peeked {
  readonly head: Uint8Array;
  /** All chunks, from the first one on. Null at the end. */
  next(): Promise<Uint8Array | null>;
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Closes the stream, whether or not it was read. */
  close(): Promise<void>;
}

async function peek(given: AsyncIterable<Uint8Array>): Promise<Peeked> {
  const stream = given[Symbol.asyncIterator]();
  const waiting: Uint8Array[] = [];
  let size = 0;
  while (size < COMPRESSION_HEAD_BYTES) {
    const { done, value } = await stream.next();
    if (done) break;
    waiting.push(value);
    size += value.length;
  }
  const head = Buffer.concat(waiting.map((chunk) => chunk.subarray(0, COMPRESSION_HEAD_BYTES)));
  async function next(): Promise<Uint8Array | null> {
    const first = waiting.shift();
    if (first !== undefined) return first;
    const { done, value } = await stream.next();
    return done ? null : value;
  }
  async function* chunks() {
    for (let chunk = await next(); chunk !== null; chunk = await next()) yield chunk;
  }
  return { head, next, chunks: chunks(), close: async () => void (await stream.return?.()) };
}
