/**
 * Whether a worker's main thread stays free while ResNet-50-sized batches saturate every core (INV-9):
 * event-loop lag, 99th percentile of each heartbeat, and runs that were lost to a stalled lock (none).
 * Needs the shared folder of real models and photos.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createClient } from '../dist/client/client.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const shared = join(root, '..', 'shared', 'data');
if (!existsSync(shared)) {
  console.error(`${shared} is absent: this benchmark needs its models and photos.`);
  process.exit(1);
}
const SECONDS = 40;
const PORT = 8987;

const folder = mkdtempSync(join(tmpdir(), 'forebay-bench-'));
const model = join(folder, 'models', 'resnet50');
mkdirSync(model, { recursive: true });
symlinkSync(join(shared, 'models', 'resnet50-constant-weights.onnx'), join(model, 'model.onnx'));
writeFileSync(
  join(model, 'model.json'),
  JSON.stringify({
    name: 'resnet50',
    task: 'image-classification',
    preprocess: { resize: 256, crop: 224 },
    batching: { batch_size: 16 },
  }),
);
const photos = readdirSync(join(shared, 'photos')).map((name) => join(shared, 'photos', name));
const rows = Array.from({ length: 20_000 }, (_, i) => photos[i % photos.length]);
const manifest = join(folder, 'rows.txt');
writeFileSync(manifest, rows.join('\n'));

const up = spawn(
  process.execPath,
  [
    join(root, 'bin', 'forebay.js'),
    'up',
    '--port',
    String(PORT),
    '--models',
    join(folder, 'models'),
    '--data',
    join(folder, 'data'),
    '--input-root',
    folder,
    '--input-root',
    shared,
  ],
  { stdio: ['ignore', 'ignore', 'inherit'] },
);
const client = createClient({ url: `http://127.0.0.1:${PORT}` });
try {
  for (let i = 0; i < 100 && !(await client.ready().catch(() => false)); i++) await delay(200);
  const job = await client.submit({ model: 'resnet50', input: { type: 'manifest', path: manifest } });
  const lags = [];
  const until = Date.now() + SECONDS * 1000;
  while (Date.now() < until) {
    await delay(2000);
    const { workers } = await client.stats(job.id);
    if ((await client.job(job.id)).rows.succeeded > 0)
      lags.push(...workers.map((worker) => worker.lag_p99_ms));
  }
  const { throughput, rows: done } = await client.job(job.id);
  const stats = await client.stats(job.id);
  await client.cancel(job.id);
  lags.sort((a, b) => a - b);
  console.log(`rows ${done.succeeded}, ${throughput.rows_per_s} rows/s, batches of ${stats.mean_batch_rows}`);
  console.log(`a model call took ${(stats.stages.infer_ms / stats.batches).toFixed(0)} ms on average`);
  console.log(
    `lag of the worker's main thread, p99 of 2 s: median ${lags[Math.floor(lags.length / 2)]} ms, worst ${lags.at(-1)} ms`,
  );
  console.log(`failed runs ${stats.queue.depth.failed}, last run error ${stats.last_run_error ?? 'none'}`);
} finally {
  up.kill('SIGTERM');
  await new Promise((resolve) => up.once('exit', resolve));
  rmSync(folder, { recursive: true, force: true });
}
