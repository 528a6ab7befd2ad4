/** Compares `forebay tune` with an exhaustive search: the throughput of the chosen settings, and the time of the search. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from './harness/places.js';
import { inScratch } from './harness/scratch.js';
import { modelFolder } from './harness/model-folder.js';
import { digits, manifest, photos } from './harness/workloads.js';

export const name = 'tune';
export const title = 'Tuning: the search against the whole space';
export const proves =
  'That `forebay tune` finds settings close to the best in a quarter of the time of an exhaustive search.';

const MODELS = [
  { model: 'digits-small', rows: () => digits(256) },
  { model: 'mobilenetv2', rows: () => photos(200) },
];
/** A space of four points. */
const QUICK = {
  '--try-lanes': '1,2',
  '--try-threads-per-lane': '1',
  '--try-batch-sizes': '4,16',
  '--try-decode-threads': '2',
  '--seconds-per-config': '0.2',
};

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
        metric: `${model}: choice of the search / best of ${space}`,
        value: exhaustive.chosenRowsPerS,
        unit: 'rows/s',
        ratio: exhaustive.chosenRowsPerS / exhaustive.bestRowsPerS,
        // The space of a smoke run has too few points to prove anything.
        ...(quick ? {} : { target: '>= 0.95' }),
      },
      {
        metric: `${model}: time of the search (${measured} of ${space}) / time of all`,
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
  return inScratch(async (cache) => {
    const { input } = manifest(model, files);
    const args = ['--model', modelFolder(model), '--manifest', input.path, '--exhaustive', '--json'];
    if (quick) args.push(...Object.entries(QUICK).flat());
    const running = promisify(execFile)(
      process.execPath,
      [join(root, 'bin', 'forebay.js'), 'tune', ...args],
      { env: { ...process.env, FOREBAY_CACHE_DIR: cache }, maxBuffer: 2 ** 26 },
    );
    running.child.stderr.on('data', (text) => log(`${model}: ${String(text).trimEnd().split('\n').at(-1)}`));
    return JSON.parse((await running).stdout);
  });
}

/** The highest rate of each batch size in the exhaustive pass, with one line per combination of lanes and threads. */
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
