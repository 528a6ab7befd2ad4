/** Rows and charts about memory over a job. */
import { median } from './statistics.js';

/**
 * @typedef {object} MemorySample
 * @property {number} share of the rows that have succeeded
 * @property {Readonly<Record<string, number>>} mb by kind of process
 */

/**
 * The median of the samples between two shares of the rows, because single samples vary with garbage collection.
 * @param {readonly MemorySample[]} samples
 */
export function memoryBetween(samples, kind, low, high) {
  return median(samples.filter(({ share }) => share >= low && share <= high).map(({ mb }) => mb[kind] ?? 0));
}

/**
 * @param {{ of: string, before: number, after: number, span: string, target?: string }} options in any unit; span: such as
 *   'from 1 % to 100 %'
 * @returns {import('./result.js').Row}
 */
export function growthRow({ of, before, after, span, target }) {
  return {
    metric: `growth of ${of} ${span}`,
    value: ((after - before) / before) * 100,
    unit: '%',
    ...(target !== undefined && { target }),
  };
}

/**
 * @param {readonly MemorySample[]} samples
 * @param {readonly string[]} kinds
 * @returns {import('./result.js').Lines}
 */
export function memoryChart(samples, kinds) {
  return {
    type: 'lines',
    title: 'Memory over the job',
    x: { label: '% of rows' },
    y: { label: 'MB', unit: 'MB' },
    series: kinds.map((kind) => ({
      label: kind,
      points: samples.map(({ share, mb }) => [share * 100, mb[kind] ?? 0]),
    })),
  };
}
