/**
 * The small path language of the glyph skeletons: text in, polylines out. Knows nothing of styles or pixels.
 * - `M x y` starts a stroke.
 * - `L x y` draws a line, `Q cx cy x y` and `C ax ay bx by x y` draw curves.
 * - `A cx cy rx ry from to` draws an elliptic arc, with angles in degrees (0 right, 90 down). A line connects the start
 *   of the arc to the stroke before it.
 * The box of a glyph is 0..1 in both directions, with y downwards. Strokes may extend slightly beyond the box.
 */

/** @typedef {number[]} Polyline x, y, x, y ... */

const NUMBERS = { M: 2, L: 2, Q: 4, C: 6, A: 6 };
const CURVE_STEPS = 8;
const LINE_STEPS = 4;
const ARC_STEP_DEGREES = 24;

/**
 * @param {string} path
 * @returns {Polyline[]}
 * @throws {SyntaxError} on an unknown command or a wrong number of values
 */
export function flattenPath(path) {
  /** @type {Polyline[]} */
  const strokes = [];
  /** @type {Polyline} */
  let stroke = [];
  for (const [command, v] of parse(path)) {
    if (command === 'M') strokes.push((stroke = [...v]));
    else if (command === 'A') {
      if (stroke.length === 0) strokes.push(stroke);
      arc(stroke, v);
    } else bezier(stroke, v, command === 'L' ? LINE_STEPS : CURVE_STEPS);
  }
  return strokes;
}

/**
 * The same strokes turned by 180 degrees. A 6 becomes a 9.
 * @param {readonly Polyline[]} strokes
 * @returns {Polyline[]}
 */
export function turnAround(strokes) {
  return strokes.map((stroke) => stroke.map((x) => 1 - x));
}

/**
 * The dots of a bitmap, as strokes without length. The bitmap is rows of text with `#` for a dot, laid over the unit box.
 * @param {readonly string[]} rows
 * @returns {Polyline[]}
 */
export function dotsOf(rows) {
  /** @type {Polyline[]} */
  const dots = [];
  rows.forEach((row, y) => {
    for (let x = 0; x < row.length; x++) {
      if (row[x] !== '#') continue;
      const px = x / (row.length - 1);
      const py = y / (rows.length - 1);
      dots.push([px, py, px, py]);
    }
  });
  return dots;
}

/**
 * @param {string} path
 * @returns {Generator<['M' | 'L' | 'Q' | 'C' | 'A', number[]]>}
 */
function* parse(path) {
  for (const [piece, letter, rest] of path.matchAll(/([A-Z])([^A-Z]*)/g)) {
    const command = /** @type {keyof typeof NUMBERS} */ (letter);
    const values = (rest ?? '').trim().split(/\s+/).map(Number);
    if (values.length !== NUMBERS[command] || values.some(Number.isNaN)) {
      throw new SyntaxError(`glyph path: "${piece.trim()}" in "${path}" is not a command of the language`);
    }
    yield [command, values];
  }
}

/**
 * @param {Polyline} stroke
 * @param {number[]} controls
 * @param {number} steps
 */
function bezier(stroke, controls, steps) {
  const points = [...stroke.slice(-2), ...controls];
  for (let step = 1; step <= steps; step++) {
    const t = step / steps;
    let level = points;
    // de Casteljau's algorithm, for lines, quadratic and cubic curves.
    while (level.length > 2) {
      /** @type {number[]} */
      const next = [];
      for (let i = 0; i + 2 < level.length; i++) {
        next.push(/** @type {number} */ (level[i]) * (1 - t) + /** @type {number} */ (level[i + 2]) * t);
      }
      level = next;
    }
    stroke.push(...level);
  }
}

/**
 * @param {Polyline} stroke
 * @param {number[]} values
 */
function arc(stroke, [cx = 0, cy = 0, rx = 0, ry = 0, from = 0, to = 0]) {
  const steps = Math.max(1, Math.ceil(Math.abs(to - from) / ARC_STEP_DEGREES));
  for (let step = 0; step <= steps; step++) {
    const angle = ((from + ((to - from) * step) / steps) * Math.PI) / 180;
    stroke.push(cx + rx * Math.cos(angle), cy + ry * Math.sin(angle));
  }
}
