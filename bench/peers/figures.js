/** Turns the runs of the service and its peers into rows and charts. */
import { geometricRatio, median, pairedRatio } from '../harness/statistics.js';

/**
 * @typedef {object} Comparison
 * @property {string} what the rows are
 * @property {Record<string, import('./run-peer.js').Figures[]>} data runs by side
 * @property {Record<string, string>} labels by side
 * @property {Record<string, { speed: number, cpu?: string, whole?: string, first?: string }>} targets by peer, for the ratios service / peer once
 *   running: the lowest ratio of the rates, and the target for the CPU per row
 * @property {string} targetSide the way of running the service that the targets apply to
 */

/** @param {Comparison} comparison */
export function rowsOf(comparison) {
  const { what: rows, data, labels, targets } = comparison;
  const own = Object.keys(data).filter((side) => !Object.hasOwn(targets, side));
  return Object.entries(data).flatMap(([side, all]) => {
    const figure = (what, field, unit) => ({
      metric: `${rows}, ${labels[side]}: ${what}`,
      value: medianOf(all, field),
      unit,
    });
    return [
      figure('whole job', 'rowsPerS', 'rows/s'),
      figure('steady state', 'steadyRowsPerS', 'rows/s'),
      ...(own.includes(side) ? [] : own.flatMap((mode) => ratiosOf(comparison, mode, side))),
      figure('peak memory', 'peakMb', 'MB'),
      figure('CPU per row', 'cpuMsPerRow', 'ms'),
      figure('CPU per row, once running', 'steadyCpuMsPerRow', 'ms'),
      figure('first result on disk', 'firstS', 's'),
      figure(`right answers (of ${all[0].of})`, 'right', ''),
    ];
  });
}

/** One way of running the service against one peer. */
function ratiosOf({ what: rows, data, labels, targets, targetSide }, mode, peer) {
  const { speed, cpu, whole, first } = targets[peer];
  const ratio = (what, field, wanted) => ({
    metric: `${rows}: ${labels[mode]} / ${labels[peer]}, ${what}`,
    value: null,
    unit: '',
    ...ratioOf(valuesOf(data[mode], field), valuesOf(data[peer], field)),
    ...(mode === targetSide && wanted !== undefined && { target: wanted }),
  });
  return [
    ratio('once running', 'steadyRowsPerS', `>= ${speed}`),
    ratio('whole job', 'rowsPerS', whole),
    ratio('peak memory', 'peakMb', '< 1'),
    ratio('first result', 'firstS', first),
    ratio('CPU per row', 'cpuMsPerRow'),
    ratio('CPU per row, once running', 'steadyCpuMsPerRow', cpu),
  ];
}

function ratioOf(mine, theirs) {
  return { ratio: pairedRatio(mine, theirs).median, interval: geometricRatio(mine, theirs).interval };
}

/** @param {Comparison} comparison */
export function chartsOf({ what, data, labels }) {
  const bars = (field) =>
    Object.entries(data).map(([key, all]) => ({ label: labels[key], value: medianOf(all, field) ?? 0 }));
  return [
    {
      type: 'bars',
      title: `${what}: once running (0: too few batches to tell)`,
      unit: 'rows/s',
      bars: bars('steadyRowsPerS'),
    },
    { type: 'bars', title: `${what}: CPU time per row`, unit: 'ms', bars: bars('cpuMsPerRow') },
    { type: 'bars', title: `${what}: peak memory`, unit: 'MB', bars: bars('peakMb') },
  ];
}

/** null if a run has no such figure. */
function medianOf(all, field) {
  const value = median(valuesOf(all, field));
  return Number.isFinite(value) ? value : null;
}

function valuesOf(all, field) {
  return all.map((one) => one[field] ?? Number.NaN);
}
