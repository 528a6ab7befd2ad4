import { stat } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { createApp, type AppDeps } from '#forebay/api/http/app.js';
import { ForebayError } from '#forebay/shared/errors.js';
import { recordEvents } from '../../../support/recorded-events.ts';

/** An app whose job store always throws. */
function failing(error: unknown) {
  const events = recordEvents();
  const throws = () => Promise.reject(error as Error);
  const app = createApp({
    jobs: { mustGet: throws },
    ready: async () => {
      throw new ForebayError('queue_unavailable', 'Redis evicts keys.');
    },
    submitJob: throws,
    emit: events.emit,
    version: '0',
    shutdown: new AbortController().signal,
  } as unknown as AppDeps);
  return { app, events };
}

async function problem(error: unknown) {
  const { app, events } = failing(error);
  const response = await app.request('/v1/jobs/job_1');
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  return { response, events, body: (await response.json()) as Record<string, unknown> };
}

describe('problems', () => {
  it('never show the message of an unexpected error, but log it', async () => {
    const secret = new Error('password=hunter2 at /home/someone');
    const { response, body, events } = await problem(secret);
    expect(response.status).toBe(500);
    expect(body['code']).toBe('internal');
    expect(JSON.stringify(body)).not.toMatch(/hunter2|someone|stack/);
    expect(events.of('request.crashed')).toMatchObject([{ err: secret, path: '/v1/jobs/job_1' }]);
  });

  it('say that storage cannot be used if a file is the cause, not that Redis is unavailable', async () => {
    const { response, body } = await problem(await stat('/no/such/file').catch((error: unknown) => error));
    expect([response.status, body['code'], response.headers.get('retry-after')]).toEqual([
      503,
      'storage_unavailable',
      '5',
    ]);
    expect(body['detail']).toContain('/no/such/file');
  });

  it('say when to retry while Redis is unavailable', async () => {
    const away = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    const { response, events, body } = await problem(away);
    expect([response.status, body['code'], response.headers.get('retry-after')]).toEqual([
      503,
      'queue_unavailable',
      '1',
    ]);
    // The log reports once that Redis is unavailable, so these requests get only a debug line.
    expect(events.of('request.failed')).toMatchObject([{ code: 'queue_unavailable', redis: true }]);
  });

  it('say when to retry if there are too many jobs', async () => {
    const { response, body } = await problem(
      new ForebayError('too_many_jobs', '100 jobs are running.', { retryAfterS: 9.5 }),
    );
    expect([response.status, body['detail'], response.headers.get('retry-after')]).toEqual([
      429,
      '100 jobs are running.',
      '10',
    ]);
  });

  it('are what /readyz answers while the queue cannot be used', async () => {
    const { app } = failing(null);
    const response = await app.request('/readyz');
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ code: 'queue_unavailable', detail: 'Redis evicts keys.' });
    expect((await app.request('/healthz')).status).toBe(200);
  });

  it('are reported once per request, with the trace of the caller, also where no route is', async () => {
    const { app, events } = failing(new ForebayError('job_not_found', 'none'));
    const headers = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` };
    for (const path of ['/v1/jobs/job_1', '/v1/no-such-place', '/ops/queues']) {
      await app.request(path, { headers });
    }
    const { traceparent } = headers;
    const common = { method: 'GET', traceparent, location: null, ms: expect.any(Number) as number };
    expect(events.of('request.answered')).toEqual([
      { ...common, path: '/v1/jobs/job_1', route: '/v1/jobs/{id}', status: 404, code: 'job_not_found' },
      { ...common, path: '/v1/no-such-place', route: 'none', status: 404, code: 'not_found' },
      { ...common, path: '/ops/queues', route: '/ops/queues', status: 500, code: 'internal' },
    ]);
  });
});
