// Memory runs short under a real small limit. Work slows down and continues, and a bad row fails only itself.
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { JobStatsWire } from '#forebay/api/http/wire/stats.js';
import { guardMemory } from '#forebay/workers/memory/memory-guard.js';
import { createMemoryUse } from '#forebay/workers/memory/memory-use.js';
import { batchGroup } from '#forebay/workers/intake/batch-group.js';
import { createBatcher } from '#forebay/workers/intake/batcher.js';
import { startChildLane } from '#forebay/workers/lane-pool/child-lane.js';
import { createLanePool } from '#forebay/workers/lane-pool/lane-pool.js';
import { LIMITS, plain, testFolder } from '../../support/lanes.ts';
import { recordEvents } from '../../support/recorded-events.ts';
import { meanColourModel, writeModelFolder } from '../../support/onnx/models.ts';
import { indexes, readOutput, startService, upTo, writeImages, type Service } from '../../support/service.ts';
import { answerTo } from '../../support/row-answer.ts';
import { waitUntil } from '../../support/wait-until.ts';

let service: Service;
const ROWS = 60;
const HUNGRY = 23;
const hook = (name: string) =>
  `--import ${pathToFileURL(join(import.meta.dirname, '../../support', name)).href}`;

beforeAll(async () => {
  service = await startService({ workers: 0 });
  await writeImages(join(service.input, 'images'), 3);
  copyFileSync(join(service.input, 'images', '000000.png'), join(service.input, 'images', 'hungry.png'));
});
afterEach(async () => service.stopWorkers());
afterAll(async () => service.close());

function manifest(name: string, rows: number, hungry: number | null): object {
  const names = upTo(rows).map((i) => (i === hungry ? 'hungry' : `00000${i % 3}`));
  const lines = names.map((n, i) => JSON.stringify({ id: `row-${i}`, uri: `images/${n}.png` }));
  writeFileSync(join(service.input, name), lines.join('\n'));
  return { input: { type: 'manifest', path: name } };
}

const statsOf = async (id: string) =>
  (await (await service.request(`/v1/jobs/${id}/stats`)).json()) as JobStatsWire;

it('a job continues block by block if its worker exceeds the memory limit, and reports why it is slow', async () => {
  const job = await service.submit({ ...manifest('all.txt', 800, null), options: { block_rows: 4 } });
  await service.startWorker({ FOREBAY_MEMORY_LIMIT_MB: '60', FOREBAY_LOG_LEVEL: 'silent' });
  const slow = await service.until(job.id, 'a reason', ({ reason }) => reason === 'memory_watermark');
  expect(slow.reason_text).toContain('memory limit');
  const stats = await statsOf(job.id);
  expect(stats.workers[0]!.memory).toMatchObject({ level: 'kill', limit_bytes: 60 * 2 ** 20 });
  const ended = await service.ended(job.id);
  expect(ended.rows).toEqual({ total: 800, succeeded: 800, failed: 0, adopted: 0 });
  expect(indexes(readOutput(ended.output))).toEqual(upTo(800));
}, 90_000);

it('a row that takes all memory fails only itself, and no block is run again', async () => {
  const job = await service.submit({ ...manifest('one.txt', ROWS, HUNGRY), options: { block_rows: 20 } });
  await service.startWorker({
    FOREBAY_MEMORY_LIMIT_MB: '700',
    NODE_OPTIONS: hook('hungry-row.mjs'),
    FOREBAY_LOG_LEVEL: 'silent',
  });
  const ended = await service.ended(job.id, 90_000);
  expect(ended.rows).toEqual({ total: ROWS, succeeded: ROWS - 1, failed: 1, adopted: 0 });
  expect(readOutput(ended.output, 'errors')).toMatchObject([
    { index: HUNGRY, error: { code: 'out_of_memory' } },
  ]);
  expect((await statsOf(job.id)).last_run_error).toBeNull();
}, 120_000);

it('a lane that leaks is restarted between batches, and no row is lost', async () => {
  const dir = testFolder();
  const config = { name: 'm', task: 'image-classification', preprocess: { crop: 8 } };
  const model = writeModelFolder(dir, meanColourModel({ side: 8, classes: [[1, 0, 0]] }), config);
  const events = recordEvents();
  const entry = join(import.meta.dirname, '../../support/leaking-lane.mjs');
  const pool = createLanePool({
    size: 1,
    emit: events.emit,
    startLane: (index) => startChildLane({ index, uvThreads: 1, limits: LIMITS, entry }),
  });
  const load = { model: 'm', ...model, threads: 1 };
  await pool.load({ load, lanes: 1, timeoutMs: 10_000, unchanged: async () => true });
  const guard = guardMemory({
    lanes: pool,
    use: createMemoryUse({ limitBytes: 64 * 2 ** 30, cgroup: null }),
    growthFactor: 1.5,
    onLevel: () => {},
    emit: events.emit,
    lookMs: 20,
    windowMs: 200,
  });
  const batcher = createBatcher({
    pool,
    moreMayArrive: () => false,
    readingWaits: () => false,
    onSent: () => {},
    emit: () => {},
  });
  const group = batchGroup({
    model: 'm',
    options: { top_k: 1 },
    batchSize: 1,
    maxWaitMs: 1,
    priority: 50,
    tenant: 'a',
    input: 'image',
  });
  const first = pool.views()[0]!.pid;
  const bytes = await plain(9, 9, 9);
  let answered = 0;
  try {
    await waitUntil(
      'another lane',
      async () => {
        batcher.expect(group, 1);
        const { outcome } = await answerTo(batcher, group, { bytes });
        expect(outcome.ok).toBe(true);
        answered += 1;
        const [lane] = pool.views();
        return lane !== undefined && lane.pid !== first && lane.done > 0;
      },
      60_000,
    );
  } finally {
    guard.stop();
    await pool.close();
  }
  expect(answered).toBeGreaterThan(5);
  expect(events.of('memory.lane_grown')).toContainEqual(expect.objectContaining({ lane: 0 }));
  expect(events.of('lane.recycled')).toHaveLength(1);
  expect(events.of('lane.died')).toEqual([]);
}, 90_000);

it("lanes are the kernel's first choice to kill, before their worker", async () => {
  const worker = await service.startWorker();
  const children = readFileSync(`/proc/${worker.pid}/task/${worker.pid}/children`, 'utf8').trim().split(' ');
  const scores = children.map((pid) => Number(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8')));
  const own = Number(readFileSync(`/proc/${worker.pid}/oom_score_adj`, 'utf8'));
  expect(Math.min(...scores)).toBeGreaterThan(own);
});
