/**
 * Turns luma and chroma into RGB, to the bit as libjpeg: factors of 16 fractional bits (JFIF: 1.402, 0.34414, 0.71414,
 * 1.772), rounded after the sum. Writes whole vectors, so up to 47 bytes beyond the line.
 */

/** 0.402 in 15 bits. Rounds as 26345 / 2^16 does for every sample. */
const RED: usize = memory.data<i16>([13173, 13173]);
/** 1.772 - 2 in 15 bits. */
const BLUE: usize = memory.data<i16>([-7471, -7471]);
/** -0.34414 and 1 - 0.71414 in 16 bits. */
const GREEN: usize = memory.data<i16>([-22554, 18734]);
const MIDDLE: usize = memory.data<i16>([128, 128]);
const HALF: usize = memory.data<i32>([32768]);

function lowPairs(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20, 21, 6, 7, 22, 23);
}

function highPairs(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 8, 9, 24, 25, 10, 11, 26, 27, 12, 13, 28, 29, 14, 15, 30, 31);
}

function greenOf(y: v128, cb: v128, cr: v128, factors: v128, half: v128): v128 {
  const sums = i16x8.narrow_i32x4_s(
    i32x4.shr_s(i32x4.add(i32x4.dot_i16x8_s(lowPairs(cb, cr), factors), half), 16),
    i32x4.shr_s(i32x4.add(i32x4.dot_i16x8_s(highPairs(cb, cr), factors), half), 16),
  );
  // The whole factor of cr would exceed 16 bits.
  return i16x8.add(i16x8.sub(y, cr), sums);
}

export function toRgb(luma: usize, blueness: usize, redness: usize, to: usize, width: i32): void {
  // V8 makes constants anew for every use. Numbers from memory stay in registers.
  const middle = v128.load32_splat(MIDDLE);
  const redFactor = v128.load32_splat(RED);
  const blueFactor = v128.load32_splat(BLUE);
  const greenFactors = v128.load32_splat(GREEN);
  const half = v128.load32_splat(HALF);
  for (let x = 0; x < width; x += 16) {
    const y0 = v128.load8x8_u(luma);
    const y1 = v128.load8x8_u(luma, 8);
    const cb0 = i16x8.sub(v128.load8x8_u(blueness), middle);
    const cb1 = i16x8.sub(v128.load8x8_u(blueness, 8), middle);
    const cr0 = i16x8.sub(v128.load8x8_u(redness), middle);
    const cr1 = i16x8.sub(v128.load8x8_u(redness, 8), middle);
    const red = i8x16.narrow_i16x8_u(
      i16x8.add(i16x8.add(y0, cr0), i16x8.q15mulr_sat_s(cr0, redFactor)),
      i16x8.add(i16x8.add(y1, cr1), i16x8.q15mulr_sat_s(cr1, redFactor)),
    );
    const green = i8x16.narrow_i16x8_u(
      greenOf(y0, cb0, cr0, greenFactors, half),
      greenOf(y1, cb1, cr1, greenFactors, half),
    );
    const blue = i8x16.narrow_i16x8_u(
      i16x8.add(i16x8.add(y0, i16x8.shl(cb0, 1)), i16x8.q15mulr_sat_s(cb0, blueFactor)),
      i16x8.add(i16x8.add(y1, i16x8.shl(cb1, 1)), i16x8.q15mulr_sat_s(cb1, blueFactor)),
    );
    const redGreen0 = i8x16.shuffle(red, green, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const redGreen1 = i8x16.shuffle(red, green, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    const blue0 = i8x16.shuffle(blue, blue, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
    const blue1 = i8x16.shuffle(blue, blue, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13, 14, 14, 15, 15);
    // The next store overwrites the last 4 bytes.
    v128.store(to, fourPixels(lowPairs(redGreen0, blue0)));
    v128.store(to, fourPixels(highPairs(redGreen0, blue0)), 12);
    v128.store(to, fourPixels(lowPairs(redGreen1, blue1)), 24);
    v128.store(to, fourPixels(highPairs(redGreen1, blue1)), 36);
    luma += 16;
    blueness += 16;
    redness += 16;
    to += 48;
  }
}

/** Drops the second blue of each of 4 pixels. */
function fourPixels(padded: v128): v128 {
  return i8x16.swizzle(padded, i8x16(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1));
}

/** Three equal channels. */
export function spreadGrey(luma: usize, to: usize, width: i32): void {
  for (let x = 0; x < width; x += 16) {
    const y = v128.load(luma);
    v128.store(to, i8x16.shuffle(y, y, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5));
    v128.store(to, i8x16.shuffle(y, y, 5, 5, 6, 6, 6, 7, 7, 7, 8, 8, 8, 9, 9, 9, 10, 10), 16);
    v128.store(to, i8x16.shuffle(y, y, 10, 11, 11, 11, 12, 12, 12, 13, 13, 13, 14, 14, 14, 15, 15, 15), 32);
    luma += 16;
    to += 48;
  }
}
