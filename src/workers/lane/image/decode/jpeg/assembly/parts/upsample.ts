/**
 * Spreads colour samples over the pixels that share them, to the bit as libjpeg's "fancy upsampling": three quarters of
 * the nearer sample and one quarter of the farther one, in each direction.
 *
 * The lines need 8 readable bytes before their first sample, and 16 after their last. The samples beside the first and
 * last column must equal it.
 */

/** Twice as wide. Writes pairs of pixels for `count` samples, rounded up to 8. */
export function widen(from: usize, to: usize, count: i32): void {
  for (let x = 0; x < count; x += 8) {
    const here = v128.load8x8_u(from);
    const thrice = i16x8.add(i16x8.shl(here, 1), here);
    const left = i16x8.add(i16x8.add(thrice, v128.load8x8_u(from - 1)), i16x8.splat(1));
    const right = i16x8.add(i16x8.add(thrice, v128.load8x8_u(from + 1)), i16x8.splat(2));
    v128.store(to, v128.or(i16x8.shr_u(left, 2), i16x8.shl(i16x8.shr_u(right, 2), 8)));
    from += 8;
    to += 16;
  }
}

function column(near: usize, far: usize): v128 {
  const here = v128.load8x8_u(near);
  return i16x8.add(i16x8.add(i16x8.shl(here, 1), here), v128.load8x8_u(far));
}

/** Twice as wide, between two lines. */
export function widenBetween(near: usize, far: usize, to: usize, count: i32): void {
  let before = column(near - 8, far - 8);
  let here = column(near, far);
  for (let x = 0; x < count; x += 8) {
    near += 8;
    far += 8;
    const after = column(near, far);
    const thrice = i16x8.add(i16x8.shl(here, 1), here);
    const last = i8x16.shuffle(before, here, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29);
    const next = i8x16.shuffle(here, after, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17);
    const left = i16x8.add(i16x8.add(thrice, last), i16x8.splat(8));
    const right = i16x8.add(i16x8.add(thrice, next), i16x8.splat(7));
    v128.store(to, v128.or(i16x8.shr_u(left, 4), i16x8.shl(i16x8.shr_u(right, 4), 8)));
    before = here;
    here = after;
    to += 16;
  }
}

/** As wide, between two lines. `bias`: 1 if the other line is above, 2 if it is below. */
export function between(near: usize, far: usize, to: usize, count: i32, bias: i32): void {
  const half = i16x8.splat(<i16>bias);
  for (let x = 0; x < count; x += 8) {
    const sums = i16x8.shr_u(i16x8.add(column(near, far), half), 2);
    v128.store64_lane(to, i8x16.narrow_i16x8_u(sums, sums), 0);
    near += 8;
    far += 8;
    to += 8;
  }
}
