// Tuning: how far the search's choice is from the best of the whole space, and what part of its time it took.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from './harness/places.js';
import { digits, manifest, modelFolder, photos } from './harness/workloads.js';

export const name = 'tune';
export const title = 'Tuning: the search against the whole space';

const MODELS = [
  { model: 'digits-small', rows: () => digits(256) },
  { model: 'mobilenetv2', rows: () => photos(200) },
];
const QUICK = [
  '--try-lanes',
  '1,2',
  '--try-threads-per-lane',
  '1',
  '--try-batch-sizes',
  '4,16',
  '--try-decode-threads',
  '2',
];

export async function run({ log, quick }) {
  const rows = [];
  const charts = [];
  const data = {};
  for (const { model, rows: files } of MODELS) {
    const tuned = await tune(model, files(), quick, log);
    const { exhaustive, profile, searchSeconds, space, measured } = tuned;
    data[model] = tuned;
    rows.push(
      {
        metric: `${model}: search's choice / best of ${space}`,
        value: exhaustive.chosenRowsPerS,
        unit: 'rows/s',
        ratio: exhaustive.chosenRowsPerS / exhaustive.bestRowsPerS,
        // A space of a few points is no proof of either.
        ...(quick ? {} : { target: '>= 0.95' }),
      },
      {
        metric: `${model}: time of the search (${measured} of ${space}) / of all`,
        value: searchSeconds,
        unit: 's',
        ratio: searchSeconds / exhaustive.seconds,
        ...(quick ? {} : { target: '<= 0.25' }),
      },
    );
    charts.push(batchChart(model, profile.measurements));
  }
  return { rows, charts, data };
}

async function tune(model, files, quick, log) {
  const cache = mkdtempSync(join(tmpdir(), 'forebay-tune-'));
  try {
    const args = [
      '--model',
      modelFolder(model),
      '--manifest',
      manifest(model, files).input.path,
      '--exhaustive',
      '--json',
    ];
    const pace = quick ? ['--seconds-per-config', '0.2', ...QUICK] : [];
    const running = promisify(execFile)(
      process.execPath,
      [join(root, 'bin', 'forebay.js'), 'tune', ...args, ...pace],
      { env: { ...process.env, FOREBAY_CACHE_DIR: cache }, maxBuffer: 2 ** 26 },
    );
    running.child.stderr.on('data', (text) => log(`${model}: ${String(text).trimEnd().split('\n').at(-1)}`));
    return JSON.parse((await running).stdout);
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
}

/** From the exhaustive pass: the fastest of each batch size, a line for each number of lanes and threads. */
function batchChart(model, measurements) {
  const series = new Map();
  for (const { phase, settings, rows_per_s: rate } of measurements) {
    if (phase !== 'exhaustive' || rate === null) continue;
    const label = `${settings.lanes} x ${settings.threads_per_lane}`;
    const points = series.get(label) ?? new Map();
    points.set(settings.batch_size, Math.max(rate, points.get(settings.batch_size) ?? 0));
    series.set(label, points);
  }
  return {
    type: 'lines',
    title: `${model}: throughput against batch size, by lanes x threads`,
    x: { label: 'batch size', log: true },
    y: { label: 'rows/s' },
    series: [...series].map(([label, points]) => ({
      label,
      points: [...points].toSorted((a, b) => a[0] - b[0]),
    })),
  };
}
