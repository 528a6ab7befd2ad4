/**
 * The inverse DCT of 8 x 8 coefficients after Loeffler, Ligtenberg and Moschytz (1989), in fixed point with 13
 * fractional bits, to the bit as libjpeg's "islow": columns first, rounded to 2 more bits than the samples, then rows.
 *
 * Up to a rounding, libjpeg's additions and multiplications are one linear form of the inputs. Its factors fit into 16
 * bits, so that one instruction multiplies and adds two inputs. The sums are the same, because nothing overflows.
 */

/** Results of a transform: 8 vectors. */
const WORK: usize = memory.data(128, 16);

/** Pairs of factors. They are loaded from memory, because V8 makes a constant anew for every use. */
const FACTORS: usize = memory.data<i16>([
  8192, 8192, 8192, -8192, 10703, 4433, 4433, -10704, 8192, 10703, 8192, 4433, 8192, -4433, 8192, -10703,
  11363, 9633, 6437, 2260, 9633, -2259, -11362, -6436, 6437, -11362, 2261, 9633, 2260, -6436, 9633, -11363,
]);
/** Of inputs 0 and 4: their sum and their difference. */
const SUM: usize = FACTORS;
const LESS: usize = FACTORS + 4;
/** Of inputs 2 and 6, for results 0, 3, 4 and 7, and for results 1, 2, 5 and 6. */
const OUTER: usize = FACTORS + 8;
const INNER: usize = FACTORS + 12;
/** Of inputs 0 and 2 without 4 and 6, for results 0 to 3. */
const EVEN: usize = FACTORS + 16;
/** Of inputs 1 and 3, then 5 and 7, for results 0 to 3. For result 7 - i, they are negative. */
const ODD: usize = FACTORS + 32;
/** Bits that are rounded off, and the half that is added before. */
const COLUMN_BITS: i32 = 11;
const ROW_BITS: i32 = 18;
const HALVES: usize = memory.data<i32>([1 << 10, 1 << 17]);

/** If only the first coefficients in zigzag order are not 0, they are in the upper left 4 x 4. */
const CORNER: u32 = 10;

function low(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20, 21, 6, 7, 22, 23);
}

function high(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 8, 9, 24, 25, 10, 11, 26, 27, 12, 13, 28, 29, 14, 15, 30, 31);
}

function lowQuads(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
}

function highQuads(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
}

function lowHalves(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
}

function highHalves(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
}

/** Loads a row of coefficients, multiplied by its quantisers, and clears it. */
function take(block: usize, quantisers: usize, row: usize): v128 {
  const found = i16x8.mul(v128.load(block + (row << 4)), v128.load(quantisers + (row << 4)));
  v128.store(block + (row << 4), i16x8.splat(0));
  return found;
}

function put(index: usize, result: v128): void {
  v128.store(WORK + index * 16, result);
}

function work(index: usize): v128 {
  return v128.load(WORK + index * 16);
}

/** The sums of products of pairs. */
function by(pairs: v128, factors: usize): v128 {
  return i32x4.dot_i16x8_s(pairs, v128.load32_splat(factors));
}

function odd(pairs13: v128, pairs57: v128, index: usize): v128 {
  return i32x4.add(by(pairs13, ODD + index * 8), by(pairs57, ODD + index * 8 + 4));
}

/** Puts result `index`, the sums, and result 7 - `index`, the differences. */
function putPair(index: usize, bits: i32, evenLow: v128, evenHigh: v128, oddLow: v128, oddHigh: v128): void {
  put(
    index,
    i16x8.narrow_i32x4_s(
      i32x4.shr_s(i32x4.add(evenLow, oddLow), bits),
      i32x4.shr_s(i32x4.add(evenHigh, oddHigh), bits),
    ),
  );
  put(
    7 - index,
    i16x8.narrow_i32x4_s(
      i32x4.shr_s(i32x4.sub(evenLow, oddLow), bits),
      i32x4.shr_s(i32x4.sub(evenHigh, oddHigh), bits),
    ),
  );
}

/** One dimension of 8 transforms side by side, into WORK. */
function transform(
  in0: v128,
  in1: v128,
  in2: v128,
  in3: v128,
  in4: v128,
  in5: v128,
  in6: v128,
  in7: v128,
  half: v128,
  bits: i32,
): void {
  const low04 = low(in0, in4);
  const high04 = high(in0, in4);
  const low26 = low(in2, in6);
  const high26 = high(in2, in6);
  const sumLow = i32x4.add(by(low04, SUM), half);
  const sumHigh = i32x4.add(by(high04, SUM), half);
  const lessLow = i32x4.add(by(low04, LESS), half);
  const lessHigh = i32x4.add(by(high04, LESS), half);
  const outerLow = by(low26, OUTER);
  const outerHigh = by(high26, OUTER);
  const innerLow = by(low26, INNER);
  const innerHigh = by(high26, INNER);
  const even0Low = i32x4.add(sumLow, outerLow);
  const even0High = i32x4.add(sumHigh, outerHigh);
  const even1Low = i32x4.add(lessLow, innerLow);
  const even1High = i32x4.add(lessHigh, innerHigh);
  const even2Low = i32x4.sub(lessLow, innerLow);
  const even2High = i32x4.sub(lessHigh, innerHigh);
  const even3Low = i32x4.sub(sumLow, outerLow);
  const even3High = i32x4.sub(sumHigh, outerHigh);
  const low13 = low(in1, in3);
  const high13 = high(in1, in3);
  const low57 = low(in5, in7);
  const high57 = high(in5, in7);
  putPair(0, bits, even0Low, even0High, odd(low13, low57, 0), odd(high13, high57, 0));
  putPair(1, bits, even1Low, even1High, odd(low13, low57, 1), odd(high13, high57, 1));
  putPair(2, bits, even2Low, even2High, odd(low13, low57, 2), odd(high13, high57, 2));
  putPair(3, bits, even3Low, even3High, odd(low13, low57, 3), odd(high13, high57, 3));
}

/** The same for rows whose inputs 4 to 7 are 0. */
function transformFourRows(in0: v128, in1: v128, in2: v128, in3: v128): void {
  const half = v128.load32_splat(HALVES + 4);
  const low02 = low(in0, in2);
  const high02 = high(in0, in2);
  const low13 = low(in1, in3);
  const high13 = high(in1, in3);
  putFour(0, low02, high02, low13, high13, half);
  putFour(1, low02, high02, low13, high13, half);
  putFour(2, low02, high02, low13, high13, half);
  putFour(3, low02, high02, low13, high13, half);
}

function putFour(index: usize, low02: v128, high02: v128, low13: v128, high13: v128, half: v128): void {
  const evenLow = i32x4.add(by(low02, EVEN + index * 4), half);
  const evenHigh = i32x4.add(by(high02, EVEN + index * 4), half);
  putPair(index, ROW_BITS, evenLow, evenHigh, by(low13, ODD + index * 8), by(high13, ODD + index * 8));
}

/**
 * Result `index` of 4 columns whose inputs 4 to 7 are 0, and result 7 - `index` after it. The pairs are inputs 0 and 2,
 * and 1 and 3.
 */
function fromFour(index: usize, low02: v128, low13: v128): v128 {
  const even = i32x4.add(by(low02, EVEN + index * 4), v128.load32_splat(HALVES));
  const odd = by(low13, ODD + index * 8);
  return i16x8.narrow_i32x4_s(
    i32x4.shr_s(i32x4.add(even, odd), COLUMN_BITS),
    i32x4.shr_s(i32x4.sub(even, odd), COLUMN_BITS),
  );
}

/**
 * Writes the samples of a block to 8 lines, `stride` bytes apart, and clears the block. `count`: all coefficients after
 * these in zigzag order are 0. False: the coefficients are so large that libjpeg might find other samples.
 */
export function inverseDct(block: usize, quantisers: usize, count: u32, out: usize, stride: usize): bool {
  const fits = count <= CORNER ? inverseCorner(block, quantisers) : inverseWhole(block, quantisers);
  if (fits) putLines(out, stride);
  return fits;
}

/** Into WORK, as columns of samples. */
function inverseCorner(block: usize, quantisers: usize): bool {
  const in0 = take(block, quantisers, 0);
  const in1 = take(block, quantisers, 1);
  const low02 = low(in0, take(block, quantisers, 2));
  const low13 = low(in1, take(block, quantisers, 3));
  const rows07 = fromFour(0, low02, low13);
  const rows16 = fromFour(1, low02, low13);
  const rows25 = fromFour(2, low02, low13);
  const rows34 = fromFour(3, low02, low13);
  const most = i16x8.max_s(i16x8.max_s(rows07, rows16), i16x8.max_s(rows25, rows34));
  const least = i16x8.min_s(i16x8.min_s(rows07, rows16), i16x8.min_s(rows25, rows34));
  if (isCut(most, least)) return false;
  const rows01 = low(rows07, rows16);
  const rows23 = low(rows25, rows34);
  const rows45 = high(rows34, rows25);
  const rows67 = high(rows16, rows07);
  const upper0 = lowQuads(rows01, rows23);
  const upper2 = highQuads(rows01, rows23);
  const lower0 = lowQuads(rows45, rows67);
  const lower2 = highQuads(rows45, rows67);
  transformFourRows(
    lowHalves(upper0, lower0),
    highHalves(upper0, lower0),
    lowHalves(upper2, lower2),
    highHalves(upper2, lower2),
  );
  return true;
}

function inverseWhole(block: usize, quantisers: usize): bool {
  transform(
    take(block, quantisers, 0),
    take(block, quantisers, 1),
    take(block, quantisers, 2),
    take(block, quantisers, 3),
    take(block, quantisers, 4),
    take(block, quantisers, 5),
    take(block, quantisers, 6),
    take(block, quantisers, 7),
    v128.load32_splat(HALVES),
    COLUMN_BITS,
  );
  const row0 = work(0);
  const row1 = work(1);
  const row2 = work(2);
  const row3 = work(3);
  const row4 = work(4);
  const row5 = work(5);
  const row6 = work(6);
  const row7 = work(7);
  const most = i16x8.max_s(
    i16x8.max_s(i16x8.max_s(row0, row1), i16x8.max_s(row2, row3)),
    i16x8.max_s(i16x8.max_s(row4, row5), i16x8.max_s(row6, row7)),
  );
  const least = i16x8.min_s(
    i16x8.min_s(i16x8.min_s(row0, row1), i16x8.min_s(row2, row3)),
    i16x8.min_s(i16x8.min_s(row4, row5), i16x8.min_s(row6, row7)),
  );
  if (isCut(most, least)) return false;
  const low01 = low(row0, row1);
  const low23 = low(row2, row3);
  const low45 = low(row4, row5);
  const low67 = low(row6, row7);
  const high01 = high(row0, row1);
  const high23 = high(row2, row3);
  const high45 = high(row4, row5);
  const high67 = high(row6, row7);
  const upper0 = lowQuads(low01, low23);
  const upper2 = highQuads(low01, low23);
  const upper4 = lowQuads(high01, high23);
  const upper6 = highQuads(high01, high23);
  const lower0 = lowQuads(low45, low67);
  const lower2 = highQuads(low45, low67);
  const lower4 = lowQuads(high45, high67);
  const lower6 = highQuads(high45, high67);
  transform(
    lowHalves(upper0, lower0),
    highHalves(upper0, lower0),
    lowHalves(upper2, lower2),
    highHalves(upper2, lower2),
    lowHalves(upper4, lower4),
    highHalves(upper4, lower4),
    lowHalves(upper6, lower6),
    highHalves(upper6, lower6),
    v128.load32_splat(HALVES + 4),
    ROW_BITS,
  );
  return true;
}

/** Whether the narrowing to 16 bits may have cut a number. It stops at the largest and the smallest one. */
function isCut(most: v128, least: v128): bool {
  const cut = v128.or(i16x8.eq(most, i16x8.splat(32767)), i16x8.eq(least, i16x8.splat(-32768)));
  return v128.any_true(cut);
}

/**
 * Two columns of results as bytes, in turns. libjpeg keeps 10 bits of a result before it cuts it to the range of a
 * sample.
 */
function columns(index: usize): v128 {
  const a = i16x8.shr_s(i16x8.shl(work(index), 6), 6);
  const b = i16x8.shr_s(i16x8.shl(work(index + 1), 6), 6);
  const bytes = i8x16.narrow_i16x8_s(a, b);
  return i8x16.shuffle(bytes, bytes, 0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15);
}

/** Writes the results of the rows as 8 lines of samples. */
function putLines(out: usize, stride: usize): void {
  const c01 = columns(0);
  const c23 = columns(2);
  const c45 = columns(4);
  const c67 = columns(6);
  const left0 = low(c01, c23);
  const left4 = high(c01, c23);
  const right0 = low(c45, c67);
  const right4 = high(c45, c67);
  putTwo(lowQuads(left0, right0), out, stride);
  putTwo(highQuads(left0, right0), out + stride * 2, stride);
  putTwo(lowQuads(left4, right4), out + stride * 4, stride);
  putTwo(highQuads(left4, right4), out + stride * 6, stride);
}

function putTwo(lines: v128, out: usize, stride: usize): void {
  const samples = v128.xor(lines, i8x16.splat(-128));
  v128.store64_lane(out, samples, 0);
  v128.store64_lane(out + stride, samples, 1);
}

/** Writes the samples of a block of one colour. `dc`: its only coefficient, multiplied by its quantiser. */
export function plainBlock(dc: i32, out: usize, stride: usize): void {
  const level = (((dc * 4 + 16) >> 5) << 22) >> 22;
  const sample = <u8>min(255, max(0, level + 128));
  const line = <u64>sample * 0x0101010101010101;
  for (let y = 0; y < 8; y++) {
    store<u64>(out, line);
    out += stride;
  }
}
