/**
 * Paints one row as raw RGB: background, clutter, ink, blur and noise, all from the row's random numbers.
 * digits-stream.js encodes the JPEG.
 */
import { distanceField } from './distance-field.js';
import { drawGlyph } from './strokes.js';

/** @typedef {import('./random.js').Random} Random */
/** @typedef {import('./styles.js').Style} Style */
/** @typedef {readonly [number, number, number]} Colour 0..255 */

/** Range for both sides of a picture, in pixels. */
const SIDE = { low: 48, high: 96 };
/** Least difference of luma between ink and ground. Luma is 0..1. */
const MIN_CONTRAST = 0.28;
const PATCHES = 5;

/**
 * @param {Random} random
 * @param {Style} style
 * @param {number} digit
 * @returns {{ width: number, height: number, pixels: Uint8Array }} 3 bytes per pixel, RGB
 */
export function paintDigit(random, style, digit) {
  const width = SIDE.low + random.below(SIDE.high - SIDE.low + 1);
  const height = Math.min(SIDE.high, Math.max(SIDE.low, Math.round(width * random.uniform(0.8, 1.25))));
  const { ink, inkEnd, ground, groundEnd, clutterColour } = palette(random);
  const side = Math.min(width, height);

  const segments = drawGlyph(random, style, digit, width, height);
  // Width of the ink's edge in pixels: 1 is sharp, more is out of focus.
  const edge = random.chance(0.5) ? 1 : random.uniform(1, 0.07 * side);
  const radius = Math.max(...segments.map((s) => s.radius));
  const rim = random.chance(style.pen.hollow) && radius > 4 ? Math.max(1.3, radius * 0.45) : 0;
  const shadow = random.chance(0.12) ? { dx: 1 + random.below(3), dy: 1 + random.below(3) } : undefined;
  const field = distanceField(width, height, segments, edge + 1);
  const clutter = random.chance(0.3)
    ? distanceField(width, height, clutterLines(random, width, height), 1)
    : undefined;

  const patches = random.chance(0.35) ? patchwork(random, random.uniform(0.02, 0.12)) : undefined;
  const grain = random.chance(0.75) ? 255 * random.uniform(0, 0.09) : 0;
  const gx = random.uniform(-1, 1);
  const gy = random.uniform(-1, 1);

  const pixels = new Uint8Array(width * height * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      const t = 0.5 + 0.5 * (gx * (x / width - 0.5) + gy * (y / height - 0.5)) * 2;
      const lit = (patches?.(x / width, y / height) ?? 0) * 255 + (grain > 0 ? grain * random.noise() : 0);
      let distance = /** @type {number} */ (field[at]);
      if (rim > 0) distance = Math.abs(distance + rim / 2) - rim / 2;
      const cover = clamp01(0.5 - distance / edge);
      let dim = 1;
      if (shadow !== undefined && x >= shadow.dx && y >= shadow.dy) {
        const from = /** @type {number} */ (field[at - shadow.dy * width - shadow.dx]);
        dim = 1 - 0.35 * clamp01(0.5 - from / 2);
      }
      const stray = clutter === undefined ? 0 : clamp01(0.5 - /** @type {number} */ (clutter[at]));
      for (let c = 0; c < 3; c++) {
        const g0 = /** @type {number} */ (ground[c]);
        let back = (g0 + (/** @type {number} */ (groundEnd[c]) - g0) * t) * dim;
        back += (/** @type {number} */ (clutterColour[c]) - back) * stray;
        const i0 = /** @type {number} */ (ink[c]);
        const front = i0 + (/** @type {number} */ (inkEnd[c]) - i0) * t;
        const value = back + (front - back) * cover + lit;
        pixels[3 * at + c] = value < 0 ? 0 : value > 255 ? 255 : value + 0.5;
      }
    }
  }
  return { width, height, pixels };
}

/**
 * Dark ink on light ground, or the reverse. The luma of clutter is between ink and ground, mostly nearer to the ground.
 * @param {Random} random
 */
function palette(random) {
  const darkInk = random.chance(0.5);
  const inkLuma = random.uniform(0, 0.45);
  const groundLuma = random.uniform(inkLuma + MIN_CONTRAST, 1);
  const groundEndLuma = random.uniform(Math.max(inkLuma + MIN_CONTRAST, groundLuma - 0.3), 1);
  const of = (/** @type {number} */ luma) => colourOfLuma(random, darkInk ? luma : 1 - luma);
  const ink = of(inkLuma);
  return {
    ink,
    inkEnd: random.chance(0.2) ? of(random.uniform(0, inkLuma)) : ink,
    ground: of(groundLuma),
    groundEnd: random.chance(0.6) ? of(groundEndLuma) : of(groundLuma),
    clutterColour: of(inkLuma + (groundLuma - inkLuma) * random.uniform(0.45, 1)),
  };
}

/**
 * A colour of any hue with the given luma.
 * @param {Random} random
 * @param {number} luma 0..1
 * @returns {Colour}
 */
function colourOfLuma(random, luma) {
  const r = random.uniform();
  const g = random.uniform();
  const b = random.uniform();
  const own = Math.max(0.01, 0.299 * r + 0.587 * g + 0.114 * b);
  const to = (/** @type {number} */ v) =>
    255 * (own >= luma ? (v * luma) / own : 1 - ((1 - v) * (1 - luma)) / (1 - own));
  return [to(r), to(g), to(b)];
}

/**
 * Thin straight lines and specks.
 * @param {Random} random
 * @param {number} width
 * @param {number} height
 */
function clutterLines(random, width, height) {
  return Array.from({ length: 1 + random.below(4) }, () => {
    const ax = random.uniform(0, width);
    const ay = random.uniform(0, height);
    const speck = random.chance(0.3);
    const bx = speck ? ax + 0.5 : random.uniform(0, width);
    const by = speck ? ay + 0.5 : random.uniform(0, height);
    return { ax, ay, bx, by, radius: random.uniform(0.4, speck ? 2 : 1), cutStart: false, cutEnd: false };
  });
}

/**
 * Soft patches of light: a coarse random grid, interpolated.
 * @param {Random} random
 * @param {number} amplitude 0..1
 */
function patchwork(random, amplitude) {
  const grid = Array.from({ length: (PATCHES + 1) ** 2 }, () => random.uniform(-amplitude, amplitude));
  const cell = (/** @type {number} */ i) => /** @type {number} */ (grid[i]);
  /**
   * @param {number} x 0..1
   * @param {number} y 0..1
   */
  return (x, y) => {
    const gx = Math.floor(x * PATCHES);
    const gy = Math.floor(y * PATCHES);
    const fx = x * PATCHES - gx;
    const fy = y * PATCHES - gy;
    const i = gy * (PATCHES + 1) + gx;
    const top = cell(i) + (cell(i + 1) - cell(i)) * fx;
    const bottom = cell(i + PATCHES + 1) + (cell(i + PATCHES + 2) - cell(i + PATCHES + 1)) * fx;
    return top + (bottom - top) * fy;
  };
}

/** @param {number} x */
function clamp01(x) {
  return x < 0 ? 0 : x > 1 ? 1 : x;
}
