/** The service against Ray Data and Daft: the same model, files and cores, settings as peers/README.md says. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { readResources } from '../dist/workers/settings/resources.js';
import { inTurns, median, pairedRatio } from './harness/measure.js';
import { sharedData } from './harness/places.js';
import { startService } from './harness/service.js';
import { configOf, manifest, modelFolder, photos } from './harness/workloads.js';
import { bigPhotos } from './peers/big-photos.js';
import { peersPython, runPeer } from './peers/run-peer.js';
import { runService } from './peers/run-service.js';
import { PEERS } from './peers/settings.js';

export const name = 'peers';
export const title = 'Rows a second, CPU and memory against Ray Data and Daft';

export async function run({ log, quick, runs }) {
  const cores = Math.max(1, Math.floor(readResources().cpus));
  const python = peersPython();
  const big = await bigPhotos();
  const repeated = (files, count) => Array.from({ length: count }, (_, i) => files[i % files.length]);
  const sizes = [
    {
      key: 'small',
      size: '0.2 MP',
      files: photos(quick ? 200 : 1600),
      targets: { ray: 1.5, daft: 1.2 },
      modes: ['fast'],
      held: 'fast',
    },
    {
      key: 'big',
      size: '6-12 MP',
      files: repeated(big, quick ? 24 : 150),
      targets: { ray: 4, daft: 3 },
      modes: ['fast', 'shrink'],
      held: 'shrink',
    },
  ];
  const results = [];
  for (const size of sizes) results.push(await compare(size, { log, runs, python, cores }));
  return {
    rows: results.flatMap((one) => one.rows),
    charts: results.flatMap((one) => one.charts),
    notes: [
      `${cores} cores; one intra-op thread a session, as many sessions as cores; settings: bench/peers/settings.js`,
      'Once running: from the first rows answered to the last, start-up and tail left out, on both sides. Whole job: of the service from submit to its last part with the model resident, of a peer its process from start to exit.',
      'Exact is Pillow to the bit, as the peers decode; targets are held against fast (0.2 MP) and shrink (6-12 MP), the settings made for speed, whose right answers are counted beside.',
    ],
    data: Object.fromEntries(results.map((one) => [one.key, one.data])),
  };
}

async function compare({ key, size, files, targets, modes, held }, { log, runs, python, cores }) {
  const work = { files, model: sharedData('models', 'mobilenetv2.onnx'), truth: truthOf(files) };
  const { input, roots } = manifest(`peers-${key}`, files);
  const service = (decode) => async () => {
    // Started for each run, so that no peer competes with it; starting it is not measured.
    const running = await startService({ models: [modelWith(decode)], inputs: roots });
    try {
      return await runService(running, input, work);
    } finally {
      await running.stop();
    }
  };
  const peer = ({ program, args }) => {
    return async () => runPeer(python, program, args[key](cores), work, cores);
  };
  const variants = { service: service('exact'), ray: peer(PEERS.ray), daft: peer(PEERS.daft) };
  for (const mode of modes) variants[mode] = service(mode);
  const show = (f) =>
    `${f.rowsPerS.toFixed(1)} rows/s, steady ${f.steadyRowsPerS?.toFixed(1)}, ${f.cpuMsPerRow.toFixed(1)} CPU ms a row, ` +
    `${f.peakMb.toFixed(0)} MB, first result ${f.firstS?.toFixed(2)} s, ${f.right} of ${f.of} right`;
  const data = await inTurns({ runs, variants, log: (text) => log(`${size}, ${text}`), show });
  return { key, data, rows: rowsOf(size, data, targets, held), charts: chartsOf(size, data) };
}

const LABELS = {
  service: 'Forebay',
  fast: 'Forebay, decode: fast',
  shrink: 'Forebay, decode: shrink',
  ray: PEERS.ray.label,
  daft: PEERS.daft.label,
};
const of = (all, field) => all.map((one) => one[field] ?? Number.NaN);
const middle = (all, field) => orNull(median(of(all, field)));
const orNull = (value) => (Number.isFinite(value) ? value : null);

/** `held`: the way of decoding that targets are held against; it costs pixels, which the labels and docs/adr/0004 say. */
function rowsOf(size, data, targets, held) {
  const rows = [];
  for (const [key, all] of Object.entries(data)) {
    const label = `${size}, ${LABELS[key]}`;
    const figure = (what, field, unit, more = {}) =>
      rows.push({ metric: `${label}: ${what}`, value: middle(all, field), unit, ...more });
    figure('whole job', 'rowsPerS', 'rows/s');
    if (key === 'ray' || key === 'daft') {
      figure('steady state', 'steadyRowsPerS', 'rows/s');
      for (const mode of Object.keys(data).filter((mode) => mode !== 'ray' && mode !== 'daft')) {
        const ratio = (what, mine, theirs, target) =>
          rows.push({
            metric: `${size}: ${LABELS[mode]} / ${LABELS[key]}, ${what}`,
            value: null,
            unit: '',
            ratio: pairedRatio(of(data[mode], mine), of(all, theirs)).median,
            ...(target && { target }),
          });
        const reach = mode === held ? `>= ${targets[key]}` : null;
        ratio('once running', 'steadyRowsPerS', 'steadyRowsPerS', reach);
        ratio('whole job', 'rowsPerS', 'rowsPerS');
        ratio('peak memory', 'peakMb', 'peakMb', mode === held ? '< 1' : null);
      }
      figure('peak memory', 'peakMb', 'MB');
    } else {
      figure('steady state', 'steadyRowsPerS', 'rows/s');
      figure('peak memory', 'peakMb', 'MB');
    }
    figure('CPU a row', 'cpuMsPerRow', 'ms');
    figure('first result on disk', 'firstS', 's');
    figure(`right of ${all[0].of} photos`, 'right', '');
  }
  return rows;
}

function chartsOf(size, data) {
  const bars = (field) =>
    Object.entries(data).map(([key, all]) => ({ label: LABELS[key], value: middle(all, field) ?? 0 }));
  return [
    {
      type: 'bars',
      title: `${size}: once running (0: too few batches to tell)`,
      unit: 'rows/s',
      bars: bars('steadyRowsPerS'),
    },
    { type: 'bars', title: `${size}: CPU time a row`, unit: 'ms', bars: bars('cpuMsPerRow') },
    { type: 'bars', title: `${size}: peak memory`, unit: 'MB', bars: bars('peakMb') },
  ];
}

/** Class by path; enlarged photos have the names of those they were made of. */
function truthOf(files) {
  const lines = readFileSync(sharedData('labels', 'photos.jsonl'), 'utf8').trim().split('\n');
  const classes = new Map(
    lines.map((line) => JSON.parse(line)).map(({ file, index }) => [basename(file), index]),
  );
  return Object.fromEntries(files.map((path) => [path, classes.get(basename(path))]));
}

function modelWith(decode) {
  const plain = modelFolder('mobilenetv2');
  if (decode === 'exact') return plain;
  return modelFolder('mobilenetv2', { preprocess: { ...configOf(plain).preprocess, decode } });
}
