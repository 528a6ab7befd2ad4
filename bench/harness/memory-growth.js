/** Builds a row and a chart about memory over a job. */

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
 * @param {import('./result.js').Series[]} series MB by share of the rows, in per cent
 * @returns {import('./result.js').Lines}
 */
export function memoryChart(series) {
  return {
    type: 'lines',
    title: 'Memory over the job',
    x: { label: '% of rows' },
    y: { label: 'MB', unit: 'MB' },
    series,
  };
}
