/**
 * Turns strokes into a field of signed distances in pixels, negative inside the ink. The painter derives sharp and
 * blurred edges, outlines and shadows from it. Knows nothing of digits or colours.
 */

/**
 * @typedef {object} Segment one piece of a stroke, in pixels
 * @property {number} ax
 * @property {number} ay
 * @property {number} bx
 * @property {number} by
 * @property {number} radius half the stroke's width
 * @property {boolean} cutStart the stroke starts here, with a straight end
 * @property {boolean} cutEnd the stroke ends here, with a straight end
 */

/** Distance of pixels that have no stroke nearby, in pixels. */
const FAR = 1e3;

/**
 * @param {number} width
 * @param {number} height
 * @param {readonly Segment[]} segments
 * @param {number} reach how far outside the ink distances must be known, in pixels
 * @returns {Float32Array} width * height distances, row by row; FAR beyond `reach`
 */
export function distanceField(width, height, segments, reach) {
  const field = new Float32Array(width * height).fill(FAR);
  for (const { ax, ay, bx, by, radius, cutStart, cutEnd } of segments) {
    const margin = radius + reach;
    const x0 = Math.max(0, Math.floor(Math.min(ax, bx) - margin));
    const x1 = Math.min(width - 1, Math.ceil(Math.max(ax, bx) + margin));
    const y0 = Math.max(0, Math.floor(Math.min(ay, by) - margin));
    const y1 = Math.min(height - 1, Math.ceil(Math.max(ay, by) + margin));
    const dx = bx - ax;
    const dy = by - ay;
    const length = Math.sqrt(dx * dx + dy * dy);
    const ux = length > 0 ? dx / length : 1;
    const uy = length > 0 ? dy / length : 0;
    for (let y = y0; y <= y1; y++) {
      for (let x = x0; x <= x1; x++) {
        const px = x + 0.5 - ax;
        const py = y + 0.5 - ay;
        const along = px * ux + py * uy;
        const across = Math.abs(py * ux - px * uy);
        const beyond = along < 0 ? -along : along > length ? along - length : 0;
        let distance;
        if (beyond === 0) distance = across - radius;
        else if (along < 0 ? cutStart : cutEnd) distance = Math.max(across - radius, beyond);
        else distance = Math.sqrt(across * across + beyond * beyond) - radius;
        const at = y * width + x;
        if (distance < /** @type {number} */ (field[at])) field[at] = distance;
      }
    }
  }
  return field;
}
