/**
 * What a case hands back, checked and completed: rows of figures with what they should reach, charts, notes.
 *
 * @typedef {object} Row
 * @property {string} metric what was measured, and of what
 * @property {number | null} value null: could not be measured (a note says why)
 * @property {string} unit 'rows/s', 'ms', 'MB' ...; '' for a plain number
 * @property {number} [ratio] against what the metric names, where that is the point
 * @property {string} [target] '>= 0.97', '< 20'; held against the ratio where there is one, else the value
 * @property {boolean | null} [pass] worked out from the target; null: no target, or nothing measured
 *
 * @typedef {{ type: 'bars', title: string, unit: string, bars: { label: string, value: number, note?: string }[] }} Bars
 * @typedef {{ label: string, unit?: string, log?: boolean }} Axis
 * @typedef {{ label: string, points: [number, number][] }} Series
 * @typedef {{ type: 'lines', title: string, x: Axis, y: Axis, series: Series[] }} Lines
 * @typedef {{ type: 'stacked', title: string, unit: string, parts: string[],
 *   bars: { label: string, values: number[] }[] }} Stacked
 * @typedef {Bars | Lines | Stacked} Chart
 *
 * @typedef {{ rows: Row[], charts?: Chart[], notes?: string[], data?: unknown }} Result
 * @typedef {{ log: (text: string) => void, quick: boolean, seconds: number, runs: number }} CaseContext
 * @typedef {{ name: string, title: string, run: (context: CaseContext) => Promise<Result> }} Case
 */

const TARGET = /^(>=|<=|>|<)\s*(-?[\d.,]+)/;

/** @param {Result} result @returns {Result} with `pass` in every row. Throws Error on a target that says nothing. */
export function judged(result) {
  const rows = result.rows.map((row) => ({ ...row, pass: row.pass ?? passes(row) }));
  return { charts: [], notes: [], ...result, rows };
}

/** @param {Row} row */
function passes({ metric, value, ratio, target }) {
  if (target === undefined) return null;
  const [, operator, number] = TARGET.exec(target) ?? [];
  if (operator === undefined) throw new Error(`target "${target}" of "${metric}": say ">= 0.97" or "< 20"`);
  const measured = ratio ?? value;
  if (measured === null || !Number.isFinite(measured)) return null;
  const limit = Number(number.replaceAll(',', ''));
  if (operator === '>=') return measured >= limit;
  if (operator === '<=') return measured <= limit;
  return operator === '>' ? measured > limit : measured < limit;
}
