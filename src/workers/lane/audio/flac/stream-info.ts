/** What the head of a FLAC file says (RFC 9639, section 8). */
import { createBitReader } from './bit-reader.ts';
import { BadFrame } from './subframe.ts';

export interface StreamInfo {
  /** In Hz. */
  readonly rate: number;
  readonly channels: number;
  /** Bits per sample. */
  readonly depth: number;
  /** Samples per channel. Null if the file does not say. */
  readonly total: number | null;
}

const HEAD = 4;
const STREAM_INFO = 0;

/** `at`: where the frames begin. Throws OutOfBits or BadFrame. */
export function readStreamInfo(bytes: Uint8Array): { readonly info: StreamInfo; readonly at: number } {
  let info: StreamInfo | null = null;
  for (let at = HEAD; ;) {
    const reader = createBitReader(bytes, at);
    const isLast = reader.bits(1) === 1;
    const type = reader.bits(7);
    const length = reader.bits(24);
    if (type === STREAM_INFO) {
      // Skips the limits of block and frame sizes.
      for (const skipped of [32, 32, 16]) reader.bits(skipped);
      const rate = reader.bits(20);
      const channels = reader.bits(3) + 1;
      const depth = reader.bits(5) + 1;
      const total = reader.bits(4) * 2 ** 32 + reader.bits(32);
      info = { rate, channels, depth, total: total === 0 ? null : total };
    }
    at += 4 + length;
    if (!isLast) continue;
    if (info === null) throw new BadFrame('it has no stream info');
    return { info, at };
  }
}
