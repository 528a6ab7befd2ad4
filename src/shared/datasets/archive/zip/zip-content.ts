/** Unpacks a member of a zip. Nothing larger than the index says is ever in memory. */
import { promisify } from 'node:util';
import { crc32, inflateRaw as inflateRawCallback } from 'node:zlib';
import { unreadable, type MemberLimits, type RowProblem, type Unpacked } from '../entry.ts';

export const LOCAL_HEADER_BYTES = 30;
const LOCAL_HEADER = 0x04034b50;
const STORED = 0;
/** A member of this size is harmless, however small its compressed form. */
const RATIO_FLOOR = 1024 * 1024;

const inflateRaw = promisify(inflateRawCallback);

export interface ZipContent {
  readonly method: number;
  readonly size: number;
  readonly packedSize: number;
  readonly crc: number;
}

/** `stored`: the bytes from the member's local header on. */
export function createZipUnpacker(content: ZipContent) {
  const { size, packedSize, method } = content;
  return async (stored: Buffer, limits: MemberLimits): Promise<Unpacked> => {
    if (stored.length < LOCAL_HEADER_BYTES || stored.readUInt32LE(0) !== LOCAL_HEADER) {
      return { problem: unreadable('is not where the index of the archive says, so the archive is damaged') };
    }
    const inflated = tooInflated(content, limits);
    if (inflated !== null) return { problem: inflated };
    const start = LOCAL_HEADER_BYTES + stored.readUInt16LE(26) + stored.readUInt16LE(28);
    const end = start + packedSize;
    if (end > stored.length) return { end };
    const packed = stored.subarray(start, end);
    if (method === STORED) return size === packedSize ? checked(packed, content) : { problem: WRONG_SIZE };
    try {
      // Without a bound, a few bytes could become gigabytes.
      const options = {
        maxOutputLength: Math.max(1, size),
        chunkSize: Math.max(64, Math.min(size, 256 * 1024)),
      };
      return checked(await inflateRaw(packed, options), content);
    } catch (error) {
      const isLarger = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
      return { problem: isLarger ? WRONG_SIZE : unreadable('has damaged compressed data') };
    }
  };
}

const WRONG_SIZE = unreadable(
  'has another size than the index of the archive says, so the archive is damaged',
);

function checked(bytes: Buffer, { size, crc }: ZipContent): Unpacked {
  if (bytes.length !== size) return { problem: WRONG_SIZE };
  return crc32(bytes) === crc ? { bytes } : { problem: unreadable('is damaged: its checksum is wrong') };
}

function tooInflated(
  { size, packedSize, method }: ZipContent,
  { maxFetchRatio }: MemberLimits,
): RowProblem | null {
  if (method === STORED || size <= Math.max(RATIO_FLOOR, maxFetchRatio * packedSize)) return null;
  return {
    code: 'fetch_inflated',
    why: `has ${packedSize} compressed bytes, which decompress to ${size}: more than ${maxFetchRatio} times as many. Raise FOREBAY_MAX_FETCH_RATIO if the archive is yours`,
  };
}
