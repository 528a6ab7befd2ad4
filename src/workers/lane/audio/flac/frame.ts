/** Decodes a frame of FLAC: a block of samples of all channels (RFC 9639, section 9). */
import type { BitReader } from './bit-reader.ts';
import { crc16 } from './crc.ts';
import type { StreamInfo } from './stream-info.ts';
import { BadFrame, readSubframe } from './subframe.ts';

export interface Frame {
  /** Samples per channel. */
  readonly length: number;
  /** Position of the byte after the frame. */
  readonly end: number;
  /** Writes the mean of the channels, from -1 to 1. */
  mix(to: Float32Array, at: number): void;
}

const SYNC = 0x3ffe;
/** Bits per sample, by code. 0: as in the stream info. -1: the reserved code. */
const DEPTHS = [0, 8, 12, -1, 16, 20, 24, 32];
/** Sample rates in Hz, by code. 0: as in the stream info. Higher codes have the rate behind the block size. */
const RATES = [
  0, 88_200, 176_400, 192_000, 8000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000,
] as const;
/** Codes of two channels, of which one is stored as a difference. Lower codes mean 1 to 8 plain channels. */
const LEFT_SIDE = 8;
const SIDE_RIGHT = 9;
const MID_SIDE = 10;

/** Whether a frame begins at this byte. Tags of other formats may follow the last frame. */
export function beginsFrame(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === SYNC >> 6 && (bytes[at + 1] ?? 0) >> 2 === (SYNC & 63);
}

/** `reader`: reads `bytes`, and is at the start of the frame. Throws OutOfBits or BadFrame. */
export function readFrame(reader: BitReader, bytes: Uint8Array, info: StreamInfo): Frame {
  const start = reader.position / 8;
  if (reader.bits(14) !== SYNC) throw new BadFrame('there is no frame');
  // Skips a reserved bit and the flag for variable block sizes.
  reader.bits(2);
  const sizeCode = reader.bits(4);
  const rateCode = reader.bits(4);
  const stored = reader.bits(4);
  const depth = DEPTHS[reader.bits(3)]! || info.depth;
  reader.bits(1);
  skipNumber(reader);
  const length = blockSize(reader, sizeCode);
  const rate = sampleRate(reader, rateCode) || info.rate;
  // Skips the header's own checksum, because the frame's checksum covers the header too.
  reader.bits(8);
  const channels = stored < LEFT_SIDE ? stored + 1 : 2;
  if (stored > MID_SIDE || channels !== info.channels || depth !== info.depth) {
    throw new BadFrame('a frame has other channels or bits than the file');
  }
  if (rate !== info.rate) {
    throw new BadFrame(`a frame has a rate of ${rate} Hz, and the file one of ${info.rate} Hz`);
  }
  const data = Array.from({ length: channels }, (_, channel) => {
    const isSide = stored === SIDE_RIGHT ? channel === 0 : stored >= LEFT_SIDE && channel === 1;
    const samples = new Float64Array(length);
    readSubframe(reader, samples, isSide ? depth + 1 : depth);
    return samples;
  });
  reader.align();
  reader.bits(16);
  const end = reader.position / 8;
  if (crc16(bytes, start, end) !== 0) throw new BadFrame('a frame has a wrong checksum: copy the file again');
  return { length, end, mix: (to, at) => mix(data, stored, depth, to, at) };
}

/** Skips the number of the frame or sample, which is coded like UTF-8. */
function skipNumber(reader: BitReader): void {
  const first = reader.bits(8);
  const more = Math.max(0, Math.clz32(~(first << 24)) - 1);
  for (let i = 0; i < more; i++) reader.bits(8);
}

function blockSize(reader: BitReader, code: number): number {
  if (code === 0) throw new BadFrame('a frame has the reserved size');
  if (code === 1) return 192;
  if (code <= 5) return 144 * 2 ** code;
  if (code === 6) return reader.bits(8) + 1;
  if (code === 7) return reader.bits(16) + 1;
  return 2 ** code;
}

function sampleRate(reader: BitReader, code: number): number {
  if (code === 12) return 1000 * reader.bits(8);
  if (code === 13) return reader.bits(16);
  if (code === 14) return 10 * reader.bits(16);
  if (code === 15) throw new BadFrame('a frame has the reserved rate');
  return RATES[code]!;
}

function mix(
  data: readonly Float64Array[],
  stored: number,
  depth: number,
  to: Float32Array,
  at: number,
): void {
  const [first, second] = data as [Float64Array, Float64Array];
  const full = 2 ** (depth - 1);
  for (let i = 0; i < first.length; i++) {
    let sum = 0;
    if (stored < LEFT_SIDE) for (const channel of data) sum += channel[i]!;
    else if (stored === LEFT_SIDE) sum = 2 * first[i]! - second[i]!;
    else if (stored === SIDE_RIGHT) sum = first[i]! + 2 * second[i]!;
    // Mid-side: the sum of left and right. Its lowest bit equals that of the difference.
    else sum = 2 * first[i]! + (Math.abs(second[i]!) % 2);
    to[at + i] = sum / data.length / full;
  }
}
