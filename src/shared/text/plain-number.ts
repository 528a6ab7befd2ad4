/** Reads plain numbers straight from bytes, without a text for each. */

const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
/** Up to this number of digits, the whole number and the power of ten are exact, so their quotient is the nearest double. */
const MAX_DIGITS = 15;
const POWERS_OF_TEN: readonly number[] = Array.from({ length: MAX_DIGITS + 1 }, (_, power) => 10 ** power);

/** A field holds what it reads, so reading makes no object per number. */
export class PlainNumber {
  /** The number that was read last. */
  value = 0;

  /**
   * Reads the number of JSON at `from`. Returns where it ends. Returns -1 if there is none, or if it has too many digits.
   * Leaves an exponent to the caller, who finds it behind the number.
   */
  read(bytes: Uint8Array, from: number): number {
    let at = from;
    const isNegative = bytes[at] === MINUS;
    if (isNegative) at += 1;
    const first = at;
    let digits = bytes[at]! - ZERO;
    if (!(digits >= 0 && digits <= 9)) return -1;
    at += 1;
    if (digits > 0) {
      for (let next = bytes[at]! - ZERO; next >= 0 && next <= 9; next = bytes[++at]! - ZERO)
        digits = digits * 10 + next;
    }
    let length = at - first;
    let decimals = 0;
    if (bytes[at] === POINT) {
      const point = at++;
      for (let next = bytes[at]! - ZERO; next >= 0 && next <= 9; next = bytes[++at]! - ZERO)
        digits = digits * 10 + next;
      decimals = at - point - 1;
      if (decimals === 0) return -1;
      length += decimals;
    }
    if (length > MAX_DIGITS) return -1;
    const size = decimals === 0 ? digits : digits / POWERS_OF_TEN[decimals]!;
    this.value = isNegative ? -size : size;
    return at;
  }
}
