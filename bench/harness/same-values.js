/** Compares answers that two programs computed for the same row. Pure. */

const RELATIVE = 1e-4;

/**
 * @param {unknown} expected
 * @param {unknown} found may have more fields
 * @param {number} tolerance of numbers, to which RELATIVE times the expected number is added
 * @returns {string | null} the place and both values, or null if they are the same
 */
export function difference(expected, found, tolerance, place = '') {
  if (typeof expected === 'number' && typeof found === 'number') {
    const near = Math.abs(expected - found) <= tolerance + RELATIVE * Math.abs(expected);
    return near ? null : describe(expected, found, place);
  }
  if (typeof expected !== 'object' || expected === null) {
    return expected === found ? null : describe(expected, found, place);
  }
  if (typeof found !== 'object' || found === null) return describe(expected, found, place);
  if (Array.isArray(expected) && expected.length !== found.length) return describe(expected, found, place);
  for (const [key, value] of Object.entries(expected)) {
    const differs = difference(value, found[key], tolerance, `${place}/${key}`);
    if (differs !== null) return differs;
  }
  return null;
}

function describe(expected, found, place) {
  const short = (value) => (JSON.stringify(value) ?? 'nothing').slice(0, 200);
  return `${place}: ${short(expected)} and ${short(found)}`;
}
