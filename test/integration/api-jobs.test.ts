import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BLOCK_ROWS, LOAD, startTestApi, type TestApi } from '../support/api-service.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

/** What the answers here hold, over jobs, lists and problems. */
interface Body {
  readonly id: string;
  readonly status: unknown;
  readonly code: string;
  readonly detail: string;
  readonly errors: readonly { readonly path: string; readonly message: string }[];
  readonly data: readonly { readonly id: string }[];
  readonly next_cursor: string | null;
  readonly metadata: unknown;
  readonly created_at: string;
  readonly queue: { readonly name: string };
}

const JSON_TYPE = { 'Content-Type': 'application/json' };
const VALID = { model: 'digits-small', input: { type: 'files', path: '.' } };

async function post(path: string, body: unknown, headers: Record<string, string> = JSON_TYPE) {
  const response = await fetch(`${api.url}${path}`, {
    method: 'POST',
    headers,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Body };
}
const get = async (path: string) => {
  const response = await fetch(`${api.url}${path}`);
  return { status: response.status, headers: response.headers, body: (await response.json()) as Body };
};

describe('submit', () => {
  it('answers 202 with the job and where it is', async () => {
    const { status, headers, body } = await post('/v1/jobs', {
      ...VALID,
      options: { batch_size: 'auto', max_errors: '1%', priority: 10, top_k: 3, limit: 1 },
      metadata: { team: 'search' },
    });
    expect(status).toBe(202);
    expect(headers.get('location')).toBe(`/v1/jobs/${body.id}`);
    expect(body).toMatchObject({
      object: 'job',
      status: 'queued',
      reason: null,
      model: 'digits-small',
      rows: { total: null, succeeded: 0, failed: 0 },
      blocks: { queued: 0, running: 0, done: 0 },
      throughput: { rows_per_s: null },
      eta_s: null,
      started_at: null,
      finished_at: null,
      input: VALID.input,
      options: { batch_size: null, max_errors: '1%', priority: 10, top_k: 3, limit: 1 },
      error: null,
      metadata: { team: 'search' },
    });
    expect(new Date(body.created_at).toISOString()).toBe(body.created_at);
    expect((await get(headers.get('location')!)).body).toEqual(body);
  });

  it('takes metadata among the options too, but not twice', async () => {
    const { body } = await post('/v1/jobs', { ...VALID, options: { metadata: { a: 'b' } } });
    expect(body.metadata).toEqual({ a: 'b' });
    const twice = await post('/v1/jobs', { ...VALID, options: { metadata: { a: 'b' } }, metadata: {} });
    expect(twice.body.errors).toEqual([
      { path: '/options/metadata', message: expect.stringMatching(/once/) },
    ]);
  });

  it('gives the same job for the same Idempotency-Key and a conflict for another body', async () => {
    const headers = { ...JSON_TYPE, 'Idempotency-Key': 'nightly 2026-11-22' };
    const first = await post('/v1/jobs', VALID, headers);
    const again = await post('/v1/jobs', VALID, headers);
    expect([first.status, again.status]).toEqual([202, 202]);
    expect(again.body.id).toBe(first.body.id);
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    const other = await post('/v1/jobs', { ...VALID, options: { limit: 1 } }, headers);
    expect([other.status, other.body.code]).toEqual([409, 'idempotency_conflict']);
  });

  it('names every wrong place at once, with the nearest valid name', async () => {
    const { status, headers, body } = await post(
      '/v1/jobs',
      {
        input: { type: 'files', pth: '/x' },
        options: { batch_sise: 4, block_rows: 0, concurrency: 'all', priority: 101, max_errors: '200%' },
        metadata: { k: 1 },
        zebra: true,
      },
      { ...JSON_TYPE, 'Idempotency-Key': 'x'.repeat(256) },
    );
    expect(status).toBe(400);
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(body).toMatchObject({
      type: '/docs#error-invalid_request',
      title: 'Invalid request',
      status: 400,
      code: 'invalid_request',
      instance: '/v1/jobs',
    });
    const messages = Object.fromEntries(body.errors.map((e) => [e.path, e.message]));
    expect(messages).toEqual({
      '/model': 'is missing (string)',
      '/input/path': 'is missing (string)',
      '/input/pth': 'unknown field, did you mean "path"?',
      '/options/batch_sise': 'unknown field, did you mean "batch_size"?',
      '/options/block_rows': expect.stringContaining('>=1'),
      '/options/concurrency': 'must be a whole number from 1 to 100000, or "auto"',
      '/options/priority': expect.stringContaining('100'),
      '/options/max_errors': expect.stringContaining('a count, or a share such as "1%"'),
      '/metadata/k': expect.stringContaining('string'),
      '/zebra': 'unknown field; known fields: model, input, output, options, metadata, webhook',
      '/header/idempotency-key': expect.stringContaining('255'),
    });
  });

  it('names the nearest model and the known ones', async () => {
    const { status, body } = await post('/v1/jobs', { ...VALID, model: 'digit-small' });
    expect([status, body.code]).toEqual([404, 'model_not_found']);
    expect(body.detail).toMatch(/did you mean "digits-small".*Known: digits-small\./);
  });

  it.each([
    ['not JSON', '{"model":', JSON_TYPE, 400, 'invalid_request', /not JSON/],
    ['nothing', '', JSON_TYPE, 400, 'invalid_request', /the body: is missing/],
    ['an array', '[]', JSON_TYPE, 400, 'invalid_request', /the body/],
    ['a form', 'a=b', { 'Content-Type': 'text/plain' }, 415, 'unsupported_media_type', /application\/json/],
    [
      'a compressed body',
      '{}',
      { ...JSON_TYPE, 'Content-Encoding': 'gzip' },
      415,
      'unsupported_media_type',
      /gzip/,
    ],
  ])('refuses %s with a problem', async (_what, body, headers, status, code, detail) => {
    const answer = await post('/v1/jobs', body, headers);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(answer.body.detail).toMatch(detail);
  });

  it('refuses a body above 16 MB while it comes in and suggests a manifest', async () => {
    let sent = 0;
    const chunk = new Uint8Array(256 * 1024).fill(32);
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += chunk.length;
        if (sent > 40 * 1024 * 1024) controller.close();
        else controller.enqueue(chunk);
      },
    });
    const response = await fetch(`${api.url}/v1/jobs`, {
      method: 'POST',
      headers: JSON_TYPE,
      body,
      duplex: 'half',
    } as RequestInit);
    const problem = (await response.json()) as Body;
    expect([response.status, problem.code]).toEqual([413, 'request_too_large']);
    expect(problem.detail).toMatch(/16 MB.*manifest/);
    expect(sent).toBeLessThan(40 * 1024 * 1024);
  });
});

describe('routes that fit nothing', () => {
  it('answer 404 and 405 with problems', async () => {
    const nowhere = await get('/v1/jbos');
    expect([nowhere.status, nowhere.body.code]).toEqual([404, 'not_found']);
    const response = await fetch(`${api.url}/v1/jobs/job_x/cancel`);
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST');
    expect(((await response.json()) as Body).code).toBe('method_not_allowed');
    const collection = await fetch(`${api.url}/v1/jobs`, { method: 'DELETE' });
    expect(collection.headers.get('allow')).toBe('POST, GET, HEAD');
    expect(collection.status).toBe(405);
  });

  it('say which query parameter is unknown or wrong', async () => {
    const { body } = await get('/v1/jobs?limt=5&limit=0&status=runing');
    expect(body.errors.map((e) => e.path).toSorted()).toEqual([
      '/query/limit',
      '/query/limt',
      '/query/status',
    ]);
    expect(body.detail).toMatch(/did you mean "limit"/);
    expect(body.detail).toMatch(/did you mean "running"/);
  });
});

describe('control', () => {
  it('pauses, resumes and cancels, and says why it cannot', async () => {
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

  it('takes no body', async () => {
    const { id } = await api.runningJob();
    const answer = await post(`/v1/jobs/${id}/pause`, { why: 'because' });
    expect(answer.body.errors).toEqual([{ path: '/why', message: 'unknown field' }]);
    const huge = await post(`/v1/jobs/${id}/pause`, `{"why":"${'x'.repeat(70_000)}"}`);
    expect(huge.body.code).toBe('request_too_large');
  });
});

describe('list', () => {
  it('pages newest first, passes over expired records and fills filtered pages', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 7; i += 1) ids.push((await post('/v1/jobs', VALID)).body.id);
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
      const page: Body = (await get(`/v1/jobs?limit=3${cursor && `&cursor=${cursor}`}`)).body;
      all.push(...page.data.map((job) => job.id));
      cursor = page.next_cursor;
    }
    expect(all).toEqual([...new Set(all)]);
    expect(all.slice(0, 6)).toEqual([6, 4, 3, 2, 1, 0].map((i) => ids[i]));
    expect((await get('/v1/jobs?cursor=%00')).body.code).toBe('invalid_cursor');
  });
});

describe('stats', () => {
  it('shape the counters of committed blocks, the queue and the workers', async () => {
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
  it('tells up from ready', async () => {
    expect((await get('/healthz')).body).toEqual({ status: 'ok' });
    expect((await get('/readyz')).body).toEqual({ status: 'ready' });
  });

  it('says while Redis is away that it is up, not ready, and when to ask again', async () => {
    const other = await startTestApi();
    try {
      await other.stopRedis();
      expect((await fetch(`${other.url}/healthz`)).status).toBe(200);
      for (const path of ['/readyz', '/v1/jobs', '/v1/jobs/job_x', '/v1/models']) {
        const response = await fetch(`${other.url}${path}`);
        expect([path, response.status, response.headers.get('retry-after')]).toEqual([path, 503, '1']);
        expect(((await response.json()) as Body).code).toBe('queue_unavailable');
      }
    } finally {
      await other.close();
    }
  });
});
