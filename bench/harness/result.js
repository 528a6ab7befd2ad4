/**
 * What a case gets and returns: rows of figures with their targets, charts and notes. Checks the targets.
 *
 * @typedef {object} Row
 * @property {string} metric what was measured, and of what
 * @property {number | null} value null: could not be measured, and a note says why
 * @property {string} unit 'rows/s', 'ms', 'MB' ...; '' for a plain number
 * @property {number} [ratio] of the value to what the metric compares it with
 * @property {[number, number] | null} [interval] 95 % interval of the ratio
 * @property {string} [target] such as '>= 0.97'; for the ratio if there is one, else for the value
 * @property {boolean | null} [pass] follows from the target; null: no target, or nothing measured
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
 *
 * @typedef {object} CaseContext the options of options.js, and:
 * @property {(text: string) => void} log
 * @property {boolean} quick
 * @property {number} seconds
 * @property {number} runs
 * @property {import('./subjects.js').Subject[]} subjects
 *
 * @typedef {object} Case
 * @property {string} name that of its file
 * @property {string} title heading in the report
 * @property {string} proves one plain sentence
 * @property {{ runs: number, seconds: number, quick: { runs: number, seconds: number } }} [defaults]
 * @property {(context: CaseContext) => Promise<Result>} run
 */

const TARGET = /^(>=|<=|>|<)\s*(-?[\d.,]+)/;

/**
 * @param {Result} result
 * @returns {Result} with `pass` in every row. Throws Error on a target that it cannot read.
 */
export function judged(result) {
  const rows = result.rows.map((row) => ({ ...row, pass: row.pass ?? passes(row) }));
  return { charts: [], notes: [], ...result, rows };
}

/** @param {Row} row */
function passes({ metric, value, ratio, target }) {
  if (target === undefined) return null;
  const [, operator, number] = TARGET.exec(target) ?? [];
  if (operator === undefined) throw new Error(`target "${target}" of "${metric}": write ">= 0.97" or "< 20"`);
  const measured = ratio ?? value;
  if (measured === null || !Number.isFinite(measured)) return null;
  const limit = Number(number.replaceAll(',', ''));
  if (operator === '>=') return measured >= limit;
  if (operator === '<=') return measured <= limit;
  return operator === '>' ? measured > limit : measured < limit;
}
