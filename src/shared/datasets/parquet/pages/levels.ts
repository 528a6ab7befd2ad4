/**
 * Whole numbers of a few bits, as Parquet stores levels and positions in a dictionary: runs of one number, and packed
 * bits. Never writes beyond its output, whatever the data says.
 */
import { Damage } from '../file/damage.ts';

type Numbers = Uint8Array | Uint32Array;

/** Fills `into`, which holds zeros, and returns it. Throws Damage if the data ends earlier. */
export function readRuns<T extends Numbers>(bytes: Uint8Array, width: number, into: T): T {
  if (width === 0) return into;
  if (width > 32) throw new Damage(`numbers of ${width} bits`);
  let at = 0;
  let filled = 0;
  while (filled < into.length) {
    let header = 0;
    for (let shift = 0; ; shift += 7) {
      if (at >= bytes.length || shift > 28) throw new Damage(ENDS_EARLY);
      const byte = bytes[at++]!;
      header |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    const count = header >>> 1;
    if ((header & 1) === 0) {
      const size = (width + 7) >> 3;
      if (at + size > bytes.length) throw new Damage(ENDS_EARLY);
      let value = 0;
      for (let i = 0; i < size; i++) value |= bytes[at++]! << (i * 8);
      into.fill(value >>> 0, filled, filled + count);
      filled += count;
    } else {
      const last = Math.min(filled + count * 8, into.length);
      unpack(bytes.subarray(at, at + count * width), width, into, filled, last);
      at += count * width;
      filled = last;
    }
  }
  return into;
}

const ENDS_EARLY = 'it ends early';

function unpack(bytes: Uint8Array, width: number, into: Numbers, from: number, to: number): void {
  if (Math.ceil(((to - from) * width) / 8) > bytes.length) throw new Damage(ENDS_EARLY);
  const limit = 2 ** width;
  let at = 0;
  /** Bits that have been read and not yet used: fewer than 40, so a double holds them. */
  let bits = 0;
  let have = 0;
  for (let i = from; i < to; i++) {
    while (have < width) {
      bits += bytes[at++]! * 2 ** have;
      have += 8;
    }
    const rest = Math.floor(bits / limit);
    into[i] = bits - rest * limit;
    bits = rest;
    have -= width;
  }
}

/** Bits that hold every number up to `max`. */
export function bitsOf(max: number): number {
  return 32 - Math.clz32(max);
}
