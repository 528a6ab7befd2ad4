/**
 * AssemblyScript, not TypeScript: the two passes of Pillow's resize in SIMD, the conversion to grey before them and the
 * normalisation after them. It knows only memory addresses, and ../kernel.ts lays the memory out.
 *
 * A weight of 22 fractional bits is split into two numbers of 16 bits: weight = high * 2^12 + low. One instruction then
 * multiplies two taps of four sums. Parts of a sum may wrap modulo 2^32. The whole sum fits.
 *
 * Weights come in pairs of taps of 8 bytes: high, high, low, low. Each position has the same number of pairs, padded
 * with zeros. The passes read and write some bytes beyond the end of a buffer. The layout has room for them.
 */

const HALF: i32 = 1 << 21;

function rounded(high: v128, low: v128): v128 {
  return i32x4.shr_s(i32x4.add(i32x4.add(i32x4.shl(high, 12), low), i32x4.splat(HALF)), 22);
}

/** Taps 0 and 1 of RGB: the 16-bit numbers r0 r1 g0 g1 b0 b1 0 0. */
function firstTwo(pixels: v128): v128 {
  return i8x16.swizzle(pixels, i8x16(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1));
}

/** Taps 2 and 3 in the same order. */
function nextTwo(pixels: v128): v128 {
  return i8x16.swizzle(pixels, i8x16(6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1));
}

/** Writes an RGB pixel. The next pixel overwrites its fourth byte. */
function put(out: usize, high: v128, low: v128): void {
  const sums = rounded(high, low);
  const words = i16x8.narrow_i32x4_s(sums, sums);
  v128.store32_lane(out, i8x16.narrow_i16x8_u(words, words), 0);
}

/**
 * Resizes `rows` lines of RGB (rounded up to even), `stride` bytes apart, to lines of `width` RGB, `outStride` apart.
 * Two lines at a time share the weights. `first`: for each column, the byte offset of its first tap in the line.
 */
export function horizontal(
  source: usize,
  stride: usize,
  rows: i32,
  first: usize,
  weights: usize,
  pairs: i32,
  width: i32,
  out: usize,
  outStride: usize,
): void {
  for (let y = 0; y < rows; y += 2) {
    let at = weights;
    let to = out;
    for (let x = 0; x < width; x++) {
      let from = source + <usize>load<i32>(first + ((<usize>x) << 2));
      let highA = i32x4.splat(0);
      let lowA = i32x4.splat(0);
      let highB = i32x4.splat(0);
      let lowB = i32x4.splat(0);
      let pair = pairs;
      for (; pair >= 2; pair -= 2) {
        const a = v128.load(from);
        const b = v128.load(from + stride);
        const high0 = v128.load32_splat(at);
        const low0 = v128.load32_splat(at, 4);
        const high1 = v128.load32_splat(at, 8);
        const low1 = v128.load32_splat(at, 12);
        const a0 = firstTwo(a);
        const a1 = nextTwo(a);
        const b0 = firstTwo(b);
        const b1 = nextTwo(b);
        highA = i32x4.add(highA, i32x4.add(i32x4.dot_i16x8_s(a0, high0), i32x4.dot_i16x8_s(a1, high1)));
        lowA = i32x4.add(lowA, i32x4.add(i32x4.dot_i16x8_s(a0, low0), i32x4.dot_i16x8_s(a1, low1)));
        highB = i32x4.add(highB, i32x4.add(i32x4.dot_i16x8_s(b0, high0), i32x4.dot_i16x8_s(b1, high1)));
        lowB = i32x4.add(lowB, i32x4.add(i32x4.dot_i16x8_s(b0, low0), i32x4.dot_i16x8_s(b1, low1)));
        from += 12;
        at += 16;
      }
      if (pair != 0) {
        const a0 = firstTwo(v128.load(from));
        const b0 = firstTwo(v128.load(from + stride));
        const high0 = v128.load32_splat(at);
        const low0 = v128.load32_splat(at, 4);
        highA = i32x4.add(highA, i32x4.dot_i16x8_s(a0, high0));
        lowA = i32x4.add(lowA, i32x4.dot_i16x8_s(a0, low0));
        highB = i32x4.add(highB, i32x4.dot_i16x8_s(b0, high0));
        lowB = i32x4.add(lowB, i32x4.dot_i16x8_s(b0, low0));
        at += 8;
      }
      put(to, highA, lowA);
      put(to + outStride, highB, lowB);
      to += 3;
    }
    source += stride << 1;
    out += outStride << 1;
  }
}

/**
 * Resizes lines of `line` bytes, `stride` apart, to `rows` such lines, `outStride` apart. `first`: for each line of the
 * result, the number of its first source line.
 */
export function vertical(
  source: usize,
  stride: usize,
  line: usize,
  rows: i32,
  first: usize,
  weights: usize,
  pairs: i32,
  out: usize,
  outStride: usize,
): void {
  for (let y = 0; y < rows; y++) {
    const top = source + <usize>load<i32>(first + ((<usize>y) << 2)) * stride;
    for (let x: usize = 0; x < line; x += 16) {
      let high0 = i32x4.splat(0);
      let high1 = i32x4.splat(0);
      let high2 = i32x4.splat(0);
      let high3 = i32x4.splat(0);
      let low0 = i32x4.splat(0);
      let low1 = i32x4.splat(0);
      let low2 = i32x4.splat(0);
      let low3 = i32x4.splat(0);
      let from = top + x;
      let at = weights;
      for (let pair = 0; pair < pairs; pair++) {
        const a = v128.load(from);
        const b = v128.load(from + stride);
        const left = i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        const right = i8x16.shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        const p0 = i16x8.extend_low_i8x16_u(left);
        const p1 = i16x8.extend_high_i8x16_u(left);
        const p2 = i16x8.extend_low_i8x16_u(right);
        const p3 = i16x8.extend_high_i8x16_u(right);
        const high = v128.load32_splat(at);
        const low = v128.load32_splat(at, 4);
        high0 = i32x4.add(high0, i32x4.dot_i16x8_s(p0, high));
        low0 = i32x4.add(low0, i32x4.dot_i16x8_s(p0, low));
        high1 = i32x4.add(high1, i32x4.dot_i16x8_s(p1, high));
        low1 = i32x4.add(low1, i32x4.dot_i16x8_s(p1, low));
        high2 = i32x4.add(high2, i32x4.dot_i16x8_s(p2, high));
        low2 = i32x4.add(low2, i32x4.dot_i16x8_s(p2, low));
        high3 = i32x4.add(high3, i32x4.dot_i16x8_s(p3, high));
        low3 = i32x4.add(low3, i32x4.dot_i16x8_s(p3, low));
        from += stride << 1;
        at += 8;
      }
      const upper = i16x8.narrow_i32x4_s(rounded(high0, low0), rounded(high1, low1));
      const lower = i16x8.narrow_i32x4_s(rounded(high2, low2), rounded(high3, low3));
      // The bytes beyond the line's end are padding.
      v128.store(out + x, i8x16.narrow_i16x8_u(upper, lower));
    }
    weights += (<usize>pairs) << 3;
    out += outStride;
  }
}

/** Turns `rows` lines of `width` RGB, `stride` bytes apart, to grey with three equal channels. Pillow's formula. */
export function grey(source: usize, stride: usize, width: i32, rows: i32): void {
  for (let y = 0; y < rows; y++) {
    let at = source;
    for (let x = 0; x < width; x++) {
      const sum: u32 =
        <u32>load<u8>(at) * 19595 + <u32>load<u8>(at, 1) * 38470 + <u32>load<u8>(at, 2) * 7471 + 0x8000;
      const value = <u8>(sum >> 16);
      store<u8>(at, value);
      store<u8>(at, value, 1);
      store<u8>(at, value, 2);
      at += 3;
    }
    source += stride;
  }
}

/**
 * Turns the bytes of `rows` lines of `width` RGB, `stride` bytes apart, into numbers. Looks each byte up in `tables`:
 * 256 numbers for red, then 256 for green, then 256 for blue. Writes the red numbers from `red` on, the green ones from
 * `green` on, and the blue ones from `blue` on. Numbers of one colour are `step` bytes apart, with no gap between
 * lines.
 */
export function normalise(
  source: usize,
  stride: usize,
  width: i32,
  rows: i32,
  tables: usize,
  red: usize,
  green: usize,
  blue: usize,
  step: usize,
): void {
  for (let y = 0; y < rows; y++) {
    let from = source;
    for (let x = 0; x < width; x++) {
      const r = load<f32>(tables + ((<usize>load<u8>(from)) << 2));
      const g = load<f32>(tables + ((<usize>load<u8>(from, 1)) << 2), 1024);
      const b = load<f32>(tables + ((<usize>load<u8>(from, 2)) << 2), 2048);
      store<f32>(red, r);
      store<f32>(green, g);
      store<f32>(blue, b);
      red += step;
      green += step;
      blue += step;
      from += 3;
    }
    source += stride;
  }
}
