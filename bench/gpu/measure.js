/**
 * Checks answers and measures rates on a device: `node bench/gpu/measure.js --provider cuda --seconds 8`. bench/gpu.sh
 * calls it. Prints a table, and writes the figures to `--out`.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { messageOf } from '../../dist/shared/errors.js';
import { measureJob } from '../endtoend/measure-job.js';
import { describeMachine } from '../harness/machine.js';
import { sharedData } from '../harness/places.js';
import { startService } from '../harness/service.js';
import { configOf, modelFolder } from '../harness/model-folder.js';
import { manifest, photos } from '../harness/workloads.js';
import { answersOf, laneRate, openLane } from './device-lane.js';
import { watched } from './watch-device.js';

const HERE = dirname(fileURLToPath(import.meta.url));
const run = promisify(execFile);
const cores = availableParallelism();
const { values } = parseArgs({
  options: {
    provider: { type: 'string', default: 'cuda' },
    seconds: { type: 'string', default: '8' },
    batches: { type: 'string', default: '32,64,128,256' },
    models: { type: 'string', default: 'mobilenetv2,resnet50' },
    // Seconds that the script may take. Later measurements are left out.
    limit: { type: 'string', default: '440' },
    // Number of photos whose answers are compared with the CPU's.
    photos: { type: 'string', default: '32' },
    python: { type: 'string', default: 'python3' },
    out: { type: 'string', default: 'bench/results/gpu.json' },
  },
});
const { provider, python } = values;
const seconds = Number(values.seconds);
const batches = values.batches.split(',').map(Number);
const until = performance.now() + Number(values.limit) * 1000;
const files = photos(200);
const found = { machine: describeMachine(), provider, proofs: [], rates: [], left_out: [] };

for (const name of values.models.split(',')) await measureModel(name);
await attempt('pytorch', async () => measureTorch());
save();
console.log(`\n${values.out}`);
process.exitCode = found.proofs.some(({ right }) => !right) ? 1 : 0;

async function measureModel(name) {
  const dir = modelFolder(name, { execution_providers: [provider] });
  const middle = batches[Math.floor((batches.length - 1) / 2)];
  if (name === 'mobilenetv2') await attempt(`${name}: answers`, async () => prove(name, dir));
  const loop = {
    graph: join(dir, 'model.onnx'),
    model: configOf(dir),
    providers: [provider],
  };
  await measure(name, 'loop in one process', { batch: middle }, async () => {
    const settings = { ...loop, batch: middle, files, seconds };
    const { stdout } = await run(process.execPath, [join(HERE, 'loop.js'), JSON.stringify(settings)]);
    return JSON.parse(stdout);
  });
  const most = Math.max(1, cores - 1);
  const half = Math.max(1, Math.floor(cores / 2));
  for (const decodeThreads of new Set([most, half, 0])) {
    const sizes = decodeThreads === most ? batches : [middle];
    await attempt(`${name}: lane with ${decodeThreads} decode threads`, async () => {
      const opened = await openLane(dir, decodeThreads);
      try {
        for (const batch of sizes) {
          await measure(name, 'lane', { batch, decode_threads: decodeThreads }, async () =>
            laneRate(opened, { files, batch, seconds }),
          );
        }
      } finally {
        opened.lane.kill();
      }
    });
  }
  await measure(name, 'service', {}, async () => measureService(name, dir));
}

/** Compares the device's answers with the CPU's. TF32, which CUDA uses by default, changes the third digit. */
async function prove(name, dir) {
  const some = files.slice(0, Number(values.photos));
  const [cpu, device] = [await openLane(modelFolder(name), 0), await openLane(dir, 2)];
  try {
    const expected = await answersOf(cpu, some);
    const answers = await answersOf(device, some);
    const same = answers.filter((answer, i) => answer[0].index === expected[i][0].index).length;
    const apart = Math.max(...answers.map((answer, i) => Math.abs(answer[0].score - expected[i][0].score)));
    const right = same >= some.length - 1 && apart < 0.02;
    found.proofs.push({
      model: name,
      providers: device.info.providers,
      photos: some.length,
      same,
      apart,
      right,
    });
    console.log(
      `${name} on ${device.info.providers.join(', ')}: ${same} of ${some.length} best classes as on the CPU, scores within ${apart.toPrecision(2)}`,
    );
  } finally {
    cpu.lane.kill();
    device.lane.kill();
  }
}

/** A job of the whole service, sized by the best lane. */
async function measureService(name, dir) {
  const rates = found.rates
    .filter((one) => one.model === name && one.what === 'lane')
    .map(({ rate }) => rate);
  const rows = Math.max(256, Math.ceil(Math.max(...rates, 1) * seconds * 1.5));
  const { input, roots } = manifest(`gpu-${name}`, photos(rows));
  const service = await startService({ models: [dir], inputs: roots, env: { FOREBAY_PROFILES: 'off' } });
  try {
    return await measureJob(service, { model: name, input });
  } finally {
    await service.stop();
  }
}

async function measureTorch() {
  const workers = String(Math.max(1, cores - 1));
  const middle = String(batches[Math.floor((batches.length - 1) / 2)]);
  const args = [join(HERE, 'torch_loop.py'), sharedData('photos'), String(seconds), middle, workers];
  const { result, ...use } = await watched(async () => run(python, args));
  for (const line of result.stdout.trim().split('\n')) {
    const { model, rate, device } = JSON.parse(line);
    note({
      model,
      what: `pytorch on ${device}`,
      batch: Number(middle),
      decode_threads: Number(workers),
      rate,
      ...use,
    });
  }
}

async function measure(model, what, settings, work) {
  await attempt(`${model}: ${what}`, async () => {
    const { result, ...use } = await watched(work);
    note({ model, what, ...settings, rate: result.rate, shares: result.shares ?? null, ...use });
  });
}

/** A measurement that fails is listed as left out, and the next one starts. */
async function attempt(what, work) {
  try {
    if (performance.now() > until) throw new Error('no time is left (--limit)');
    await work();
  } catch (error) {
    const said = error.stderr?.trim() || messageOf(error);
    const why = said.split('\n').at(-1);
    found.left_out.push({ what, why });
    console.log(`${what}: left out: ${why}`);
  }
  save();
}

function note(figure) {
  found.rates.push(figure);
  const percent = (share) => (share === null ? '-' : `${Math.round(share * 100)} %`);
  const columns = [
    figure.model.padEnd(13),
    figure.what.padEnd(20),
    `batch ${figure.batch ?? 'auto'}`.padEnd(10),
    `decode ${figure.decode_threads ?? '-'}`.padEnd(10),
    `${figure.rate.toFixed(1)} images/s`.padStart(18),
    `GPU ${percent(figure.gpu)}`.padStart(10),
    `cores ${percent(figure.cpu)}`.padStart(12),
  ];
  console.log(columns.join(' '));
}

/** Called after every figure, so that an interrupted run keeps what it has. */
function save() {
  mkdirSync(dirname(values.out), { recursive: true });
  writeFileSync(values.out, `${JSON.stringify(found, null, 1)}\n`);
}
