/**
 * Draws a row's glyph as segments in pixels. Uses the row's random numbers to bend, slant, turn and scale a style's
 * skeleton. Knows nothing of colours.
 */

/** @typedef {import('./random.js').Random} Random */
/** @typedef {import('./styles.js').Style} Style */
/** @typedef {import('./distance-field.js').Segment} Segment */

/** Enough to make rows harder, too little to turn a 6 into a 9. */
const MAX_TURN_DEGREES = 20;
/** Glyph height as a share of the picture's shorter side. */
const HEIGHT = { low: 0.5, high: 0.8 };

/**
 * @param {Random} random
 * @param {Style} style
 * @param {number} digit
 * @param {number} width picture, pixels
 * @param {number} height picture, pixels
 * @returns {Segment[]}
 */
export function drawGlyph(random, style, digit, width, height) {
  const { pen } = style;
  const skeleton = random.pick(style.digits[digit] ?? []);
  const side = Math.min(width, height);
  const size = side * random.uniform(HEIGHT.low, HEIGHT.high);
  const aspect = random.uniform(...pen.aspect);
  const slant = random.uniform(...pen.slant);
  const radius = Math.max(0.7, (size * random.uniform(...pen.width)) / 2);
  const turn = (random.uniform(-MAX_TURN_DEGREES, MAX_TURN_DEGREES) * Math.PI) / 180;
  const bend = bending(random, pen.wobble);
  // The whole glyph stays inside the square that a centre crop keeps.
  const room = Math.max(0, side - size * 1.12) / 2;
  const cx = width / 2 + random.uniform(-room, room);
  const cy = height / 2 + random.uniform(-room, room);
  const cos = Math.cos(turn) * size;
  const sin = Math.sin(turn) * size;
  const nib = (pen.nib * Math.PI) / 180;

  /** @type {Segment[]} */
  const segments = [];
  for (const stroke of skeleton) {
    const points = stroke.length / 2;
    const cut = pen.butt && !isClosed(stroke);
    /** @type {[number, number] | undefined} */
    let last;
    for (let i = 0; i < points; i++) {
      const gx = /** @type {number} */ (stroke[2 * i]);
      const gy = /** @type {number} */ (stroke[2 * i + 1]);
      const [x, y] = bend((gx - 0.5) * aspect - slant * (gy - 0.5), gy - 0.5);
      /** @type {[number, number]} */
      const point = [cx + x * cos - y * sin, cy + x * sin + y * cos];
      if (last !== undefined) {
        const direction = Math.atan2(point[1] - last[1], point[0] - last[0]) - turn + nib;
        const contrast = pen.thin + (1 - pen.thin) * Math.abs(Math.sin(direction));
        const tapered = 1 - pen.taper * (i / points);
        segments.push({
          ax: last[0],
          ay: last[1],
          bx: point[0],
          by: point[1],
          radius: Math.max(0.6, radius * contrast * tapered),
          cutStart: cut && i === 1,
          cutEnd: cut && i === points - 1,
        });
      }
      last = point;
    }
  }
  return segments;
}

/** Whether a stroke has no ends to cut: it is a loop, or a dot. @param {readonly number[]} stroke */
function isClosed(stroke) {
  const [x0 = 0, y0 = 0] = stroke;
  const [x1 = 0, y1 = 0] = stroke.slice(-2);
  return Math.abs(x1 - x0) + Math.abs(y1 - y0) < 1e-6;
}

/**
 * Shifts x by a slow wave along y, and y by a slow wave along x.
 * @param {Random} random
 * @param {number} amplitude in glyph heights
 */
function bending(random, amplitude) {
  const a = random.uniform(0, 2 * Math.PI);
  const b = random.uniform(0, 2 * Math.PI);
  const fx = random.uniform(3, 6);
  const fy = random.uniform(3, 6);
  /**
   * @param {number} x
   * @param {number} y
   * @returns {[number, number]}
   */
  return (x, y) => [x + amplitude * Math.sin(fy * y + a), y + amplitude * Math.sin(fx * x + b)];
}
