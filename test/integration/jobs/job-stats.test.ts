// How a job's time was spent, as a real service measures it. Only ratios are checked, because machines differ and are
// busy.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { JobStatsWire } from '#forebay/api/http/wire/stats.js';
import { startService, writeImages, type Service } from '../../support/service.ts';

const LANES = 2;
let service: Service;
beforeAll(async () => {
  service = await startService({ env: { FOREBAY_LANES: String(LANES) } });
  await writeImages(join(service.input, 'many'), 3000);
});
afterAll(async () => service.close());

async function statsOf(options: object) {
  const { id } = await service.submit({ input: { type: 'files', path: 'many' }, options });
  const job = await service.ended(id);
  expect(job.status).toBe('completed');
  const stats = (await (await service.request(`/v1/jobs/${id}/stats`)).json()) as JobStatsWire;
  return { job, stats, wallMs: Date.parse(job.finished_at!) - Date.parse(job.started_at!) };
}

const LANE_STAGES = [
  'open_ms',
  'decode_ms',
  'prepare_ms',
  'infer_ms',
  'post_ms',
  'other_ms',
  'idle_ms',
] as const;

it('the stages of the lanes add up to their time, and the manifest agrees with the API', async () => {
  const { job, stats, wallMs } = await statsOf({ batch_size: 16, block_rows: 64 });
  const { stages, utilisation } = stats;
  const lanes = LANE_STAGES.reduce((sum, stage) => sum + stages[stage]!, 0);
  // Lanes count neither the start nor the end of the job as their time. No moment counts twice.
  expect(lanes / (LANES * wallMs)).toBeGreaterThan(0.4);
  expect(lanes / (LANES * wallMs)).toBeLessThanOrEqual(1.05);
  expect(utilisation.lanes).toBeCloseTo(1 - stages.idle_ms! / lanes, 2);
  expect(stages.write_ms).toBeGreaterThan(0);
  expect(stages.commit_ms).toBeGreaterThan(0);
  expect(stages.begin_ms).toBeGreaterThan(0);
  expect(stats.mean_batch_fill).toBeGreaterThan(0.5);
  expect(stats.bottleneck!.advice).toMatch(/\.$/);

  const [worker] = stats.workers;
  expect(worker!.memory.limit_bytes).toBeGreaterThan(worker!.memory.rss_bytes ?? 0);
  expect(worker!.inflight.limit_bytes).toBeGreaterThan(0);

  const manifest = JSON.parse(readFileSync(join(job.output, 'manifest.json'), 'utf8')) as JobStatsWire;
  expect(manifest.stages).toEqual(stages);
  expect(manifest.utilisation).toEqual(utilisation);
  expect(manifest.bottleneck!.name).toBe(stats.bottleneck!.name);
});

it('a job with one block at a time leaves lanes idle, and its stats advise what to change', async () => {
  const { stats } = await statsOf({ batch_size: 4, block_rows: 4, concurrency: 1, limit: 400 });
  expect(stats.utilisation.lanes).toBeLessThan(0.85);
  expect(stats.bottleneck).toMatchObject({ name: 'queue_limit' });
  expect(stats.bottleneck!.advice).toContain('--concurrency from 1');
});
