/** Writes whole numbers as decimal text. */

const ZERO = 0x30;

/** Writes `String(whole)` into `bytes` at `start`. Returns the offset after it. `whole` must not be negative. */
export function writeWhole(bytes: Buffer, start: number, whole: number): number {
  let end = start + 1;
  for (let power = 10; power <= whole; power *= 10) end += 1;
  let left = whole;
  for (let at = end - 1; at >= start; at--) {
    const rest = Math.floor(left / 10);
    // The sum of `ZERO` and a large number would be rounded.
    bytes[at] = ZERO + (left - rest * 10);
    left = rest;
  }
  return end;
}
