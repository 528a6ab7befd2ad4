// Plans through the real service, measured by its workers. They leave nothing behind.
import { readdirSync, writeFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { PlanWire } from '#forebay/api/http/wire/plan.js';
import { PLAN } from '#forebay/api/http/wire/plan.js';
import { createClient } from '#forebay/client/client.js';
import { connectRedis } from '#forebay/shared/queue/connection.js';
import {
  colourImage,
  startService,
  writeImages,
  writeTinyModel,
  type Service,
} from '../../support/service.ts';

let service: Service;
beforeAll(async () => {
  service = await startService({
    env: { FOREBAY_LANES: '2', FOREBAY_MAX_INFLIGHT_MB: '100' },
  });
  // The API knows the model, but no worker serves it.
  writeTinyModel(join(service.models, 'lonely'), 'lonely', { pool: 'elsewhere' });
  await writeImages(join(service.input, 'many'), 600);
});
afterAll(async () => service.close());

const MANY = { model: 'tiny', input: { type: 'files' as const, path: 'many' } };

async function planned(body: Record<string, unknown> = {}): Promise<PlanWire> {
  const response = await service.post('/v1/plan', { ...MANY, ...body });
  expect(response.status).toBe(200);
  return PLAN.parse(await response.json());
}

async function sampleKeys(): Promise<string[]> {
  const redis = connectRedis(service.redis.url, 'request', () => undefined);
  const found = await redis.keys('forebay:*sample*');
  await redis.quit();
  return found;
}

const files = () =>
  ['data', 'out', 'input'].map((name) => {
    try {
      return readdirSync(join(service.folder, name), { recursive: true }).map(String).sort();
    } catch {
      return [];
    }
  });

it('a plan without a worker has numbers but no estimate, and says why', async () => {
  expect(await planned({ model: 'lonely' })).toMatchObject({
    rows: { total: 600 },
    numbers: { batch_size: { value: 128 }, lanes: null },
    estimate: { rows_per_s: null, why: expect.stringMatching(/no live worker serves lonely/) },
    workers: [],
    sample: null,
  });
});

it('a plan is measured by a worker, agrees roughly with its job, and leaves nothing behind', async () => {
  const before = { keys: await sampleKeys(), files: files() };
  const measured = await createClient({ url: service.url }).plan(MANY);
  expect(measured).toMatchObject({
    numbers: {
      lanes: { value: 2, bound_by: 'setting' },
      batch_size: { value: 128, bound_by: 'ceiling' },
      block_rows: { value: 2048, bound_by: 'floor' },
      inflight_bytes: { value: 100 * 2 ** 20 },
    },
    workers: [{ lanes: 2, no_sample: null }],
    rows: { total: 600 },
  });
  expect(measured.sample!.failed_rows).toBe(0);
  expect(measured.sample!.rows).toBeGreaterThan(64);
  expect({ keys: await sampleKeys(), files: files() }).toEqual(before);

  const { id } = await service.submit({ input: MANY.input });
  const job = await service.ended(id);
  const ratio = measured.estimate.rows_per_s!.value / job.throughput.rows_per_s!;
  // The range is wide, because start and end take most of such a short job, and the machine is shared.
  expect(ratio).toBeGreaterThan(0.1);
  expect(ratio).toBeLessThan(40);
});

it('a plan takes every kind of input and leaves no spool behind', async () => {
  const data = (await colourImage(1)).toString('base64');
  const rows = ['good', 'bad'].map((id) => ({ id, data: id === 'good' ? data : 'AAAA' }));
  const inline = await planned({ input: { type: 'inline', rows } });
  expect(inline).toMatchObject({ rows: { total: 2 }, sample: { errors: [{ code: 'unsupported_format' }] } });
  expect(inline.physical.not_fused.map((n) => n.operator)).toContain('read');
  expect(inline.warnings.join()).toMatch(/rows failed, mostly unsupported_format/);

  // A URL is fetched once, although the sample would have time for many fetches.
  const urls = await planned({ input: { type: 'urls', urls: ['http://127.0.0.1:9/a.png'] } });
  expect(urls).toMatchObject({
    sample: { failed_rows: 1, passes: 1, errors: [{ code: 'url_not_allowed' }] },
  });
  expect(readdirSync(join(service.folder, 'data', 'spool'))).toEqual([]);

  mkdirSync(join(service.input, 'empty'), { recursive: true });
  const empty = await planned({ input: { type: 'files', path: 'empty' } });
  expect(empty).toMatchObject({ rows: { total: 0 }, estimate: { why: 'the input holds no row' } });
});

it('a plan does not disturb a job that runs at the same time', async () => {
  const { id } = await service.submit({ input: MANY.input, options: { batch_size: 1, block_rows: 4 } });
  await service.until(id, 'the job to run', (job) => job.status === 'running' || job.status === 'completed');
  const [plan, job] = await Promise.all([planned({ options: { batch_size: 2 } }), service.ended(id)]);
  expect(job).toMatchObject({ status: 'completed', rows: { total: 600, succeeded: 600, failed: 0 } });
  expect(plan.estimate.rows_per_s!.value).toBeGreaterThan(0);
});

it('several plans at once take turns and leave no request behind', async () => {
  const plans = await Promise.all([planned(), planned(), planned()]);
  // On a busy machine a sample takes up to five seconds. A plan that waits too long for its turn reports that.
  const measured = plans.filter(({ estimate }) => estimate.rows_per_s !== null);
  expect(measured.length).toBeGreaterThan(0);
  for (const { estimate } of plans)
    expect(estimate.why).toMatch(/^(a sample on|no sample: worker .* (already has|did))/);
  expect(await sampleKeys()).toEqual([]);
});

it('a plan is refused like a submit, with the same problem', async () => {
  mkdirSync(service.out('full'), { recursive: true });
  writeFileSync(join(service.out('full'), 'x'), '');
  const bodies = [
    { ...MANY, model: 'tinny' },
    { ...MANY, input: { type: 'files', path: 'nowhere' } },
    { ...MANY, input: { type: 'files', path: '/etc' } },
    { ...MANY, output: '/etc/x' },
    { ...MANY, output: 'full' },
    { ...MANY, options: { batch_sise: 3 } },
    { model: 'tiny' },
  ];
  for (const body of bodies) {
    const [plan, submit] = await Promise.all([
      service.post('/v1/plan', body),
      service.post('/v1/jobs', body),
    ]);
    expect(plan.status).toBe(submit.status);
    const problem = (await submit.json()) as object;
    expect(await plan.json()).toEqual({ ...problem, instance: '/v1/plan' });
  }
  expect(readdirSync(join(service.folder, 'out'))).toEqual(['full']);
});
