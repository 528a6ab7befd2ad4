/** Writes whole numbers as decimal text. */

const ZERO = 0x30;
const MOST_INT32 = 0x7fffffff;

/** Writes `String(whole)` into `bytes` at `start`. Returns the offset after it. `whole` must not be negative. */
export function writeWhole(bytes: Uint8Array, start: number, whole: number): number {
  return whole > MOST_INT32 ? writeLarge(bytes, start, whole) : writeInt32(bytes, start, whole | 0);
}

/** Dividing integers takes a third of the time of dividing doubles. */
function writeInt32(bytes: Uint8Array, start: number, whole: number): number {
  const end = start + digitsOf(whole);
  let left = whole;
  for (let at = end - 1; at >= start; at--) {
    const rest = (left / 10) | 0;
    bytes[at] = ZERO + left - rest * 10;
    left = rest;
  }
  return end;
}

function digitsOf(whole: number): number {
  if (whole < 10) return 1;
  if (whole < 100) return 2;
  if (whole < 1000) return 3;
  if (whole < 10_000) return 4;
  if (whole < 100_000) return 5;
  if (whole < 1_000_000) return 6;
  if (whole < 10_000_000) return 7;
  if (whole < 100_000_000) return 8;
  return whole < 1_000_000_000 ? 9 : 10;
}

function writeLarge(bytes: Uint8Array, start: number, whole: number): number {
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
