/** Formats numbers and tables for people. */

/**
 * Rounds to three significant digits, or to a whole number with separators from 100 on.
 * @param {number | null | undefined} value
 */
export function short(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return '-';
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

/** @param {import('./result.js').Row} row */
export function cellsOf({ metric, value, unit, ratio, interval, target, pass }) {
  const verdict = pass === null || pass === undefined ? '' : pass ? 'pass' : 'MISS';
  return [
    metric,
    `${short(value)}${unit === '' ? '' : ` ${unit}`}`,
    ratioText(ratio, interval),
    target ?? '',
    verdict,
  ];
}

export const COLUMNS = ['metric', 'value', 'ratio', 'target', 'pass'];

function ratioText(ratio, interval) {
  if (ratio === undefined || ratio === null) return '';
  const digits = (value) => value.toFixed(ratio < 10 ? 3 : 1);
  if (interval === undefined || interval === null) return digits(ratio);
  return `${digits(ratio)} (${interval.map(digits).join(' to ')})`;
}

/** @param {readonly import('./result.js').Row[]} rows */
export function tableText(rows) {
  const lines = [COLUMNS, ...rows.map(cellsOf)];
  const widths = COLUMNS.map((_, i) => Math.max(...lines.map((cells) => cells[i].length)));
  return lines
    .map((cells) => cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))))
    .map((cells) => cells.join('  ').trimEnd())
    .join('\n');
}
