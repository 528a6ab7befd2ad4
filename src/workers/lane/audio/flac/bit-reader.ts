/** Reads bits, the most significant first. */
export interface BitReader {
  /** Bits read so far. */
  readonly position: number;
  /** An unsigned number of 0 to 32 bits. */
  bits(count: number): number;
  /** A number of 0 to 33 bits in two's complement. */
  signed(count: number): number;
  /** Counts the zero bits before the next 1 bit, and reads that bit too. */
  zeros(): number;
  /** Reads Rice-coded numbers: the quotient in unary, then `parameter` low bits. Zigzag gives the sign. */
  rice(to: Float64Array, from: number, until: number, parameter: number): void;
  /** Skips to the next whole byte. */
  align(): void;
}

/** The bytes end in the middle of a value. */
export class OutOfBits extends Error {}

export function createBitReader(bytes: Uint8Array, from: number): BitReader {
  const end = bytes.length * 8;
  let at = from * 8;

  /** The next 32 bits. Beyond the end they are 0. */
  function peek(): number {
    const byte = at >>> 3;
    const shift = at & 7;
    const word = (bytes[byte]! << 24) | (bytes[byte + 1]! << 16) | (bytes[byte + 2]! << 8) | bytes[byte + 3]!;
    return shift === 0 ? word : (word << shift) | (bytes[byte + 4]! >>> (8 - shift));
  }

  function bits(count: number): number {
    if (count === 0) return 0;
    if (at + count > end) throw new OutOfBits();
    const value = peek() >>> (32 - count);
    at += count;
    return value;
  }

  function zeros(): number {
    let count = 0;
    for (;;) {
      const lead = Math.clz32(peek());
      if (at + lead >= end) throw new OutOfBits();
      count += lead;
      if (lead < 32) {
        at += lead + 1;
        return count;
      }
      at += 32;
    }
  }

  return {
    get position() {
      return at;
    },
    bits,
    signed(count) {
      if (count === 0) return 0;
      const sign = bits(1);
      return bits(count - 1) - sign * 2 ** (count - 1);
    },
    zeros,
    rice(to, first, until, parameter) {
      const unit = 2 ** parameter;
      for (let i = first; i < until; i++) {
        const value = zeros() * unit + bits(parameter);
        to[i] = value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      }
    },
    align() {
      at = Math.ceil(at / 8) * 8;
    },
  };
}
