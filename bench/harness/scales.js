/** Axes of charts: ticks at round numbers, and positions of the values between them. */

/**
 * Four to six ticks that enclose all values.
 * @param {number} low
 * @param {number} high
 * @returns {number[]}
 */
export function linearTicks(low, high) {
  const rough = (high - low || Math.abs(high) || 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? rough;
  const first = Math.floor(low / step);
  const last = Math.ceil(high / step);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** Powers of ten. If they span at most two decades, also 2 and 5 times each. @returns {number[]} */
export function logTicks(low, high) {
  const from = Math.floor(Math.log10(Math.max(low, 1e-9)));
  const to = Math.ceil(Math.log10(Math.max(high, 1e-9)));
  const factors = to - from <= 2 ? [1, 2, 5] : [1];
  const ticks = [];
  for (let power = from; power <= to; power++) {
    for (const factor of factors) ticks.push(Number((factor * 10 ** power).toPrecision(12)));
  }
  const inside = (tick, i) => (ticks[i + 1] ?? Infinity) > low && (ticks[i - 1] ?? -Infinity) < high;
  return ticks.filter(inside);
}

/**
 * @param {readonly number[]} ticks of the whole axis
 * @returns {(value: number) => number}
 */
export function scaleOf(ticks, start, end, log = false) {
  const of = log ? (value) => Math.log(Math.max(value, 1e-9)) : (value) => value;
  const low = of(ticks[0]);
  const span = of(ticks.at(-1)) - low || 1;
  return (value) => start + ((of(value) - low) / span) * (end - start);
}
