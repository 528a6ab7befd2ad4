/** Turns the runs of the service and its peers into rows and charts. */
import { median, pairedRatio } from '../harness/statistics.js';
import { PEERS } from './settings.js';

const LABELS = {
  service: 'Forebay',
  fast: 'Forebay, decode: fast',
  shrink: 'Forebay, decode: shrink',
  ray: PEERS.ray.label,
  daft: PEERS.daft.label,
};

/**
 * @param {string} size of the photos
 * @param {Record<string, import('./run-peer.js').Figures[]>} data runs by key of LABELS
 * @param {{ ray: number, daft: number }} targets minimum ratio service / peer of the rates once running
 * @param {string} targetMode the decode mode that the targets apply to; its pixels are less exact, see docs/adr/0004-decoders.md
 */
export function rowsOf(size, data, targets, targetMode) {
  const modes = Object.keys(data).filter((key) => !isPeer(key));
  return Object.entries(data).flatMap(([key, all]) => {
    const figure = (what, field, unit) => ({
      metric: `${size}, ${LABELS[key]}: ${what}`,
      value: medianOf(all, field),
      unit,
    });
    const ratios = modes.flatMap((mode) =>
      ratiosOf({ size, mode, peer: key, data, target: mode === targetMode ? targets[key] : null }),
    );
    return [
      figure('whole job', 'rowsPerS', 'rows/s'),
      figure('steady state', 'steadyRowsPerS', 'rows/s'),
      ...(isPeer(key) ? ratios : []),
      figure('peak memory', 'peakMb', 'MB'),
      figure('CPU per row', 'cpuMsPerRow', 'ms'),
      figure('first result on disk', 'firstS', 's'),
      figure(`right answers (of ${all[0].of} photos)`, 'right', ''),
    ];
  });
}

/** One way of decoding against one peer. @param {{ target: number | null }} options target: null if none applies */
function ratiosOf({ size, mode, peer, data, target }) {
  const ratio = (what, field, wanted) => ({
    metric: `${size}: ${LABELS[mode]} / ${LABELS[peer]}, ${what}`,
    value: null,
    unit: '',
    ratio: pairedRatio(valuesOf(data[mode], field), valuesOf(data[peer], field)).median,
    ...(target !== null && wanted !== undefined && { target: wanted }),
  });
  return [
    ratio('once running', 'steadyRowsPerS', `>= ${target}`),
    ratio('whole job', 'rowsPerS'),
    ratio('peak memory', 'peakMb', '< 1'),
  ];
}

export function chartsOf(size, data) {
  const bars = (field) =>
    Object.entries(data).map(([key, all]) => ({ label: LABELS[key], value: medianOf(all, field) ?? 0 }));
  return [
    {
      type: 'bars',
      title: `${size}: once running (0: too few batches to tell)`,
      unit: 'rows/s',
      bars: bars('steadyRowsPerS'),
    },
    { type: 'bars', title: `${size}: CPU time per row`, unit: 'ms', bars: bars('cpuMsPerRow') },
    { type: 'bars', title: `${size}: peak memory`, unit: 'MB', bars: bars('peakMb') },
  ];
}

function isPeer(key) {
  return Object.hasOwn(PEERS, key);
}

/** null if a run has no such figure. */
function medianOf(all, field) {
  const value = median(valuesOf(all, field));
  return Number.isFinite(value) ? value : null;
}

function valuesOf(all, field) {
  return all.map((one) => one[field] ?? Number.NaN);
}
