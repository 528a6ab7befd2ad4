// Scrapes of a real service: an API and a worker that have run a job.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { QueueListWire, WorkerListWire } from '#forebay/api/http/wire/overview.js';
import { METRIC_TABLES } from '#forebay/shared/observe/metrics/metric-tables.js';
import { freePort } from '../../support/free-port.ts';
import { startService, writeImages, writeTinyModel, type Service } from '../../support/service.ts';

let service: Service;
let worker: string;

beforeAll(async () => {
  const port = await freePort();
  service = await startService({ env: { FOREBAY_WORKER_PORT: String(port) } });
  worker = `http://127.0.0.1:${port}/metrics`;
  mkdirSync(service.input, { recursive: true });
  await writeImages(service.input, 5);
  writeFileSync(join(service.input, 'broken.png'), 'no image');
  const job = await service.submit({
    input: { type: 'files', path: service.input },
    options: { block_rows: 3 },
  });
  await service.ended(job.id);
});
afterAll(() => service.close());

async function scrape(url: string): Promise<string> {
  const response = await fetch(url);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
  return response.text();
}

const namesIn = (text: string) => [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name!);

it('a worker counts rows, errors and batches of a job', async () => {
  const text = await scrape(worker);
  expect(text.split('\n')).toEqual(
    expect.arrayContaining([
      'forebay_rows_total{model="tiny",outcome="succeeded"} 5',
      'forebay_rows_total{model="tiny",outcome="failed"} 1',
      'forebay_rows_failed_total{model="tiny",code="unsupported_format"} 1',
      'forebay_blocks_total{model="tiny"} 2',
      'forebay_batch_rows_sum{model="tiny"} 6',
      'nv_inference_count{model="tiny",version="none"} 6',
      'forebay_redis_up 1',
      'forebay_model_state{model="tiny",version="none",state="serving"} 1',
    ]),
  );
  expect(/^forebay_stage_seconds_total\{model="tiny",stage="infer"\} (\S+)/m.exec(text)![1]).not.toBe('0');
  expect(text).not.toContain('job_');
});

it('the API counts requests by route, and shows the jobs, workers and queues of the service', async () => {
  await service.request('/v1/jobs/job_none');
  for (const name of ['a', 'b', 'c']) await service.request(`/nowhere/${name}`);
  const text = await scrape(new URL('/metrics', service.url).href);
  expect(text.split('\n')).toEqual(
    expect.arrayContaining([
      'forebay_jobs_submitted_total{model="tiny"} 1',
      'forebay_jobs_ended_total{model="tiny",status="completed"} 1',
      'forebay_jobs{status="running"} 0',
      'forebay_workers{pool="default"} 1',
      'forebay_queue_blocks{pool="default",model="tiny",state="waiting"} 0',
      'forebay_queue_oldest_seconds{pool="default",model="tiny"} 0',
      expect.stringMatching(
        /^forebay_http_requests_total\{method="POST",route="\/v1\/jobs",status="202"\} \d$/,
      ),
      expect.stringMatching(
        /^forebay_http_requests_total\{method="GET",route="\/v1\/jobs\/\{id\}",status="4\d\d"\} 1$/,
      ),
      'forebay_http_requests_total{method="GET",route="none",status="404"} 3',
    ]),
  );
  expect(text).not.toContain('nowhere');
  expect(text).not.toMatch(/job_(none|0)/);
});

it('scrapes hold exactly the declared metrics', async () => {
  const declared = (...titles: (keyof typeof METRIC_TABLES)[]) =>
    titles.flatMap((title) => Object.keys(METRIC_TABLES[title])).toSorted();
  const own = (text: string) =>
    namesIn(text)
      .filter((name) => /^(forebay|nv)_/.test(name))
      .toSorted();
  expect(own(await scrape(worker))).toEqual(
    declared('A worker', 'A worker, with the names of Triton', 'Redis, from every process'),
  );
  expect(own(await scrape(new URL('/metrics', service.url).href))).toEqual(
    declared('An API process', 'The whole service, from an API process', 'Redis, from every process'),
  );
});

it('a queue shows why its jobs wait, and a pool how many workers it should have', async () => {
  writeTinyModel(join(service.models, 'elsewhere'), 'elsewhere', { pool: 'nobody' });
  const { id } = await service.submit({ model: 'elsewhere', input: { type: 'files', path: service.input } });
  await service.until(id, 'a reason', ({ reason }) => reason === 'no_worker');
  const queues = (await (await service.request('/v1/queues')).json()) as QueueListWire;
  expect(queues.data.filter(({ pool }) => pool === 'nobody')).toMatchObject([
    { model: 'elsewhere', lanes: 0, waiting: 0, jobs: [{ id, status: 'queued', reason: 'no_worker' }] },
  ]);
  const workers = (await (await service.request('/v1/workers')).json()) as WorkerListWire;
  expect(workers.data).toMatchObject([{ pool: 'default', models: [{ name: 'tiny', status: 'serving' }] }]);
  const text = await scrape(new URL('/metrics', service.url).href);
  expect(text).toContain('forebay_jobs_waiting{reason="no_worker"} 1');
  const scale = async (path: string) => (await (await service.request(path)).json()) as unknown;
  const wanted = {
    pool: 'nobody',
    object: 'pool_scale',
    wanted_workers: 1,
    live_workers: 0,
    wanted_replicas: 1,
  };
  const scales = (await scale('/v1/scale')) as { data: object[] };
  expect(scales.data).toMatchObject([{ pool: 'default', wanted_workers: 1, live_workers: 1 }, wanted]);
  expect(await scale('/v1/scale/nobody')).toMatchObject({
    ...wanted,
    why: expect.stringContaining('6 rows left at an assumed 20 rows/s') as string,
    models: [{ name: 'elsewhere', rows_left: 6, rows_per_s: 20, rate: 'assumed' }],
  });
  expect(await scale('/v1/scale/never-heard-of')).toMatchObject({ wanted_workers: 0, why: 'no rows wait' });
  expect(text).toContain('forebay_pool_wanted_workers{pool="nobody"} 1');
  expect(text).toMatch(/^forebay_pool_backlog_seconds\{pool="nobody"\} 0\.3/m);
});
