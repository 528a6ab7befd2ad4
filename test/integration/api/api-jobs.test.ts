// Existing jobs over HTTP: control, lists, stats. Also the health of the service.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getJson, postJson, VALID_JOB, type ApiBody } from '../../support/api-requests.ts';
import { BLOCK_ROWS, LOAD, startTestApi, type TestApi } from '../../support/api-service.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const post = (path: string, body: unknown, headers?: Record<string, string>) =>
  postJson(api, path, body, headers);
const get = (path: string) => getJson(api, path);

describe('control', () => {
  it('pauses, resumes and cancels a job, and refuses to pause a cancelled job or cancel an unknown one', async () => {
    const { id } = await api.runningJob();
    expect((await post(`/v1/jobs/${id}/pause`, '', {})).body).toMatchObject({
      status: 'paused',
      reason: 'paused',
    });
    expect((await post(`/v1/jobs/${id}/resume`, {})).body.status).toMatch(/queued|running/);
    expect((await post(`/v1/jobs/${id}/cancel`, '', {})).body.status).toBe('cancelling');
    const late = await post(`/v1/jobs/${id}/pause`, '', {});
    expect([late.status, late.body.code]).toEqual([409, 'invalid_state']);
    const unknown = await post('/v1/jobs/job_nobody/cancel', '', {});
    expect([unknown.status, unknown.body.code]).toEqual([404, 'job_not_found']);
  });

  it('refuses a body with unknown fields, and a body that is too large', async () => {
    const { id } = await api.runningJob();
    const answer = await post(`/v1/jobs/${id}/pause`, { why: 'because' });
    expect(answer.body.errors).toEqual([{ path: '/why', message: 'unknown field' }]);
    const huge = await post(`/v1/jobs/${id}/pause`, `{"why":"${'x'.repeat(70_000)}"}`);
    expect(huge.body.code).toBe('request_too_large');
  });
});

describe('list', () => {
  it('pages from the newest job, skips expired records and fills filtered pages', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 7; i += 1) ids.push((await post('/v1/jobs', VALID_JOB)).body.id);
    await api.redis.del(`forebay:{${ids[5]!}}:job`);
    for (const i of [0, 3]) await post(`/v1/jobs/${ids[i]!}/cancel`, '', {});

    const first = (await get('/v1/jobs?limit=2')).body;
    expect(first.data.map((job) => job.id)).toEqual([ids[6], ids[4]]);
    expect(first).toMatchObject({ object: 'list', has_more: true, next_cursor: ids[4] });
    const second = (await get(`/v1/jobs?limit=2&cursor=${first.next_cursor}`)).body;
    expect(second.data.map((job) => job.id)).toEqual([ids[3], ids[2]]);

    const cancelling = (await get('/v1/jobs?limit=2&status=cancelling,cancelled')).body;
    expect(cancelling.data.map((job) => job.id)).toEqual([ids[3], ids[0]]);

    const all: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: ApiBody = (await get(`/v1/jobs?limit=3${cursor && `&cursor=${cursor}`}`)).body;
      all.push(...page.data.map((job) => job.id));
      cursor = page.next_cursor;
    }
    expect(all).toEqual([...new Set(all)]);
    expect(all.slice(0, 6)).toEqual([6, 4, 3, 2, 1, 0].map((i) => ids[i]));
    expect((await get('/v1/jobs?cursor=%00')).body.code).toBe('invalid_cursor');
  });
});

describe('stats', () => {
  it('report the counters of committed blocks, the queue and the workers', async () => {
    const job = await api.runningJob({ batch_size: 4 });
    const record = await api.jobs.mustGet(job.id);
    await api.workers.beat(
      {
        id: 'w1',
        host: 'h',
        pid: 7,
        pool: 'default',
        startedAt: 1,
        lagP99Ms: 3,
        ...LOAD,
        models: [
          {
            ref: record.spec.model,
            lanes: 2,
            batchSize: 8,
            problem: null,
            graph: { in: 1 },
            batchInvariance: null,
            memory: null,
          },
        ],
      },
      true,
    );
    const counters = {
      blocks_run: 1,
      rows_computed: BLOCK_ROWS,
      batches_milli: 2000,
      room_milli: 8000,
      bytes: 1000,
      infer_us: 12_345,
    };
    await api.commitBlock(job, 0, () => false, counters);
    const { body } = await get(`/v1/jobs/${job.id}/stats`);
    expect(body).toMatchObject({
      stages: { infer_ms: 12.3, read_ms: 0 },
      utilisation: { lanes: 1, model: 1 },
      bottleneck: { name: 'too_early' },
      rows: 4,
      bytes: 1000,
      batches: 2,
      mean_batch_rows: 2,
      mean_batch_fill: 0.5,
      queue: { depth: { waiting: 0, active: 0 }, slots: 0, limit: null },
      workers: [{ id: 'w1', lanes: 2, batch_size: 8, problem: null, memory: { rss_bytes: 300 } }],
      last_run_error: null,
    });
    expect(body.queue.name).toMatch(/^default\.digits-small\./);

    const model = (await get('/v1/models/digits-small')).body;
    expect(model).toMatchObject({ status: 'serving', workers: 1, lanes: 2, batch_size: 8, graph: { in: 1 } });
    await api.workers.leave('w1');
    expect((await get('/v1/models/digits-small')).body.status).toBe('not_loaded');
  });
});

describe('health', () => {
  it('reports at /healthz that the API is up, and at /readyz that it is ready', async () => {
    expect((await get('/healthz')).body).toEqual({ status: 'ok' });
    expect((await get('/readyz')).body).toEqual({ status: 'ready' });
  });

  it('reports that the API is up but not ready while Redis is unavailable, and when to retry', async () => {
    const other = await startTestApi();
    try {
      await other.stopRedis();
      expect((await fetch(`${other.url}/healthz`)).status).toBe(200);
      for (const path of ['/readyz', '/v1/jobs', '/v1/jobs/job_x', '/v1/models']) {
        const response = await fetch(`${other.url}${path}`);
        expect([path, response.status, response.headers.get('retry-after')]).toEqual([path, 503, '1']);
        expect(((await response.json()) as ApiBody).code).toBe('queue_unavailable');
      }
    } finally {
      await other.close();
    }
  });
});
