// Submitting over HTTP: the answers, and how errors name the wrong fields.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../../support/api-service.ts';
import { getJson, JSON_TYPE, postJson, VALID_JOB, type ApiBody } from '../../support/api-requests.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const post = (path: string, body: unknown, headers?: Record<string, string>) =>
  postJson(api, path, body, headers);
const get = (path: string) => getJson(api, path);

describe('submit', () => {
  it('answers 202 with the job and its location', async () => {
    const { status, headers, body } = await post('/v1/jobs', {
      ...VALID_JOB,
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
      input: VALID_JOB.input,
      options: { batch_size: null, max_errors: '1%', priority: 10, top_k: 3, limit: 1 },
      error: null,
      metadata: { team: 'search' },
    });
    expect(new Date(body.created_at).toISOString()).toBe(body.created_at);
    expect((await get(headers.get('location')!)).body).toEqual(body);
  });

  it('also accepts metadata in the options, but not in both places', async () => {
    const { body } = await post('/v1/jobs', { ...VALID_JOB, options: { metadata: { a: 'b' } } });
    expect(body.metadata).toEqual({ a: 'b' });
    const twice = await post('/v1/jobs', { ...VALID_JOB, options: { metadata: { a: 'b' } }, metadata: {} });
    expect(twice.body.errors).toEqual([
      { path: '/options/metadata', message: expect.stringMatching(/once/) },
    ]);
  });

  it('answers a repeated Idempotency-Key with the same job, or with a conflict if the body differs', async () => {
    const headers = { ...JSON_TYPE, 'Idempotency-Key': 'nightly 2026-11-22' };
    const first = await post('/v1/jobs', VALID_JOB, headers);
    const again = await post('/v1/jobs', VALID_JOB, headers);
    expect([first.status, again.status]).toEqual([202, 202]);
    expect(again.body.id).toBe(first.body.id);
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    const other = await post('/v1/jobs', { ...VALID_JOB, options: { limit: 1 } }, headers);
    expect([other.status, other.body.code]).toEqual([409, 'idempotency_conflict']);
  });

  it('names every wrong field at once, with the nearest valid name', async () => {
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
      '/zebra':
        'unknown field; known fields: model, pipeline, input, output, options, metadata, webhook, delta',
      '/header/idempotency-key': expect.stringContaining('255'),
    });
  });

  it('names the nearest and all known models if the model is unknown', async () => {
    const { status, body } = await post('/v1/jobs', { ...VALID_JOB, model: 'digit-small' });
    expect([status, body.code]).toEqual([404, 'model_not_found']);
    expect(body.detail).toMatch(/did you mean "digits-small".*Known: digits-small\./);
  });

  it.each([
    ['text that is not JSON', '{"model":', JSON_TYPE, 400, 'invalid_request', /not JSON/],
    ['an empty body', '', JSON_TYPE, 400, 'invalid_request', /the body: is missing/],
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

  it('refuses a body above 16 MB while it arrives, and suggests a manifest', async () => {
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
    const problem = (await response.json()) as ApiBody;
    expect([response.status, problem.code]).toEqual([413, 'request_too_large']);
    expect(problem.detail).toMatch(/16 MB.*manifest/);
    expect(sent).toBeLessThan(40 * 1024 * 1024);
  });
});

describe('requests that fit no route', () => {
  it('are answered 404 for an unknown path and 405 for a wrong method', async () => {
    const nowhere = await get('/v1/jbos');
    expect([nowhere.status, nowhere.body.code]).toEqual([404, 'not_found']);
    const response = await fetch(`${api.url}/v1/jobs/job_x/cancel`);
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST');
    expect(((await response.json()) as ApiBody).code).toBe('method_not_allowed');
    const collection = await fetch(`${api.url}/v1/jobs`, { method: 'DELETE' });
    expect(collection.headers.get('allow')).toBe('POST, GET, HEAD');
    expect(collection.status).toBe(405);
  });

  it('name the query parameter that is unknown or wrong', async () => {
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
