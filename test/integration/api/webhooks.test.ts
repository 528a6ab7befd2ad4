// Webhooks of the real service, to a real receiver that checks signatures as docs/webhooks.md says. Tests that do not
// kill the API run at the same time.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { DeliveriesWire } from '#forebay/api/http/wire/webhook.js';
import { startService, writeImages, type Service } from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { startReceiver, type Received } from '../../support/webhook-receiver.ts';

const SERVICE_SECRET = 'the secret of the service';
const TIMEOUT_S = 1;
const TRIES = 3;

let service: Service;
let receiver: Awaited<ReturnType<typeof startReceiver>>;
let redis: Redis;
let isGenuine: (signature: string, body: string, secret: string, nowSeconds?: number) => boolean;
beforeAll(async () => {
  receiver = await startReceiver();
  service = await startService({
    env: {
      FOREBAY_WEBHOOK_ALLOW: '127.0.0.0/8',
      FOREBAY_WEBHOOK_SECRET: SERVICE_SECRET,
      FOREBAY_WEBHOOK_TRIES: String(TRIES),
      FOREBAY_WEBHOOK_PAUSE_S: '0.1',
      FOREBAY_WEBHOOK_TIMEOUT_S: String(TIMEOUT_S),
      FOREBAY_WEBHOOK_PROGRESS_S: '0.1',
    },
  });
  await writeImages(join(service.input, 'images'), 6);
  writeFileSync(join(service.input, 'gone.txt'), 'nowhere.png\n');
  redis = new Redis(service.redis.socketPath);
  isGenuine = await receiversCheck();
});
afterAll(async () => {
  redis.disconnect();
  await service.close();
  await receiver.close();
});

/** Loads the signature check that docs/webhooks.md gives to receivers. */
async function receiversCheck(): Promise<typeof isGenuine> {
  const text = readFileSync(new URL('../../../docs/webhooks.md', import.meta.url), 'utf8');
  const path = join(service.folder, 'receiver.mjs');
  writeFileSync(path, /```js\n([\s\S]+?)```/.exec(text)![1]!);
  return ((await import(pathToFileURL(path).href)) as { isGenuine: typeof isGenuine }).isGenuine;
}

const submit = async (path: string, more: object = {}, body: object = {}) =>
  service.submit({
    input: { type: 'files', path: 'images' },
    options: { block_rows: 2 },
    webhook: { url: receiver.url(path), ...more },
    ...body,
  });
const arrived = async (path: string, count = 1): Promise<Received[]> =>
  waitUntil(`${count} deliveries to ${path}`, () => {
    const all = receiver.at(path);
    return all.length >= count && all;
  });
const deliveries = async (id: string) =>
  ((await (await service.request(`/v1/jobs/${id}/deliveries`)).json()) as DeliveriesWire).data;
/** Waits until nothing more is due for the job. */
const settled = async (id: string) =>
  waitUntil(
    `the webhook of ${id} to settle`,
    async () => (await redis.zscore('forebay:{index}:webhooks', id)) === null,
  );
const header = (one: Received, name: string) => String(one.headers[name]);

it.concurrent('the end of a job is reported, signed with the secret of the job, which is never shown', async () => {
  const secret = 'a secret of the job';
  const job = await submit('/signed', { secret });
  await service.ended(job.id);
  const [one] = await arrived('/signed');
  await settled(job.id);
  const event = JSON.parse(one!.body) as { id: string; type: string; data: { job: object } };
  expect(event).toMatchObject({
    type: 'job.completed',
    data: { job: { id: job.id, status: 'completed', rows: { succeeded: 6 } } },
  });
  expect(header(one!, 'forebay-event')).toBe('job.completed');
  expect(header(one!, 'forebay-event-id')).toBe(event.id);
  const signature = header(one!, 'forebay-signature');
  expect(isGenuine(signature, one!.body, secret)).toBe(true);
  expect(isGenuine(signature, `${one!.body} `, secret)).toBe(false);
  expect(isGenuine(signature, one!.body, SERVICE_SECRET)).toBe(false);
  expect(isGenuine(signature, one!.body, secret, Date.now() / 1000 + 301)).toBe(false);

  const seen = await service.job(job.id);
  expect(seen.webhook).toEqual({
    url: receiver.url('/signed'),
    events: ['completed', 'failed', 'cancelled'],
  });
  const shown = [
    JSON.stringify(seen),
    one!.body,
    JSON.stringify(await deliveries(job.id)),
    readFileSync(join(job.output, 'job.json'), 'utf8'),
    readFileSync(join(job.output, 'manifest.json'), 'utf8'),
  ];
  for (const text of shown) expect(text).not.toContain(secret);
  expect(await deliveries(job.id)).toMatchObject([
    { event_id: event.id, type: 'job.completed', attempt: 1, status: 204, error: null, outcome: 'delivered' },
  ]);
});

it.concurrent('only requested events are reported, signed with the secret of the service', async () => {
  const input = { type: 'manifest', path: 'gone.txt' };
  const job = await submit('/failed', { events: ['failed'] }, { input });
  await service.ended(job.id);
  const [one] = await arrived('/failed');
  expect(JSON.parse(one!.body)).toMatchObject({
    type: 'job.failed',
    data: { job: { status: 'failed', error: { code: 'all_rows_failed' } } },
  });
  expect(isGenuine(header(one!, 'forebay-signature'), one!.body, SERVICE_SECRET)).toBe(true);
  const silent = await submit('/silent', { events: ['failed'] });
  await service.ended(silent.id);
  await settled(silent.id);
  expect(receiver.at('/silent')).toEqual([]);
});

it.concurrent('a delivery that is refused is retried with the same id and body', async () => {
  receiver.answer('/flaky', (response, n) => response.writeHead(n < 2 ? 503 : 200).end('x'.repeat(1e6)));
  const job = await submit('/flaky');
  await service.ended(job.id);
  const all = await arrived('/flaky', 3);
  await settled(job.id);
  expect(new Set(all.map((one) => one.body)).size).toBe(1);
  expect(all.map((one) => header(one, 'forebay-attempt'))).toEqual(['1', '2', '3']);
  for (const one of all) {
    expect(isGenuine(header(one, 'forebay-signature'), one.body, SERVICE_SECRET)).toBe(true);
  }
  const log = await deliveries(job.id);
  expect(log.map(({ status, outcome }) => [status, outcome])).toEqual([
    [200, 'delivered'],
    [503, 'retrying'],
    [503, 'retrying'],
  ]);
});

it.concurrent('deliveries stop after the last attempt, follow no redirect, and time out without an answer', async () => {
  receiver.answer('/moved', (response) =>
    response.writeHead(307, { location: receiver.url('/elsewhere') }).end(),
  );
  receiver.answer('/mute', () => undefined);
  receiver.answer('/gone', (response) => response.writeHead(410).end());
  const moved = await submit('/moved');
  const mute = await submit('/mute');
  const gone = await submit('/gone');
  // Jobs do not wait for receivers.
  for (const { id } of [moved, mute, gone]) expect((await service.ended(id)).status).toBe('completed');
  for (const { id } of [moved, mute, gone]) await settled(id);
  expect(receiver.at('/elsewhere')).toEqual([]);
  const last = async (id: string) => (await deliveries(id))[0];
  expect(await last(moved.id)).toMatchObject({
    attempt: TRIES,
    status: 307,
    outcome: 'given_up',
    next_attempt_at: null,
  });
  expect(await last(mute.id)).toMatchObject({
    attempt: TRIES,
    status: null,
    error: { code: 'fetch_timeout' },
    outcome: 'given_up',
  });
  expect(await last(gone.id)).toMatchObject({ attempt: 1, status: 410, outcome: 'given_up' });
});

it.concurrent('progress is reported at intervals, and the end of the job last', async () => {
  writeFileSync(
    join(service.input, 'many.txt'),
    Array.from({ length: 600 }, (_, i) =>
      JSON.stringify({ id: `r${i}`, uri: `images/00000${i % 6}.png` }),
    ).join('\n'),
  );
  const job = await submit(
    '/progress',
    { events: ['progress', 'completed'] },
    {
      input: { type: 'manifest', path: 'many.txt' },
      options: { block_rows: 4, batch_size: 1, concurrency: 2 },
    },
  );
  // The job pauses until its progress has arrived, so that it cannot end first.
  await waitUntil('some rows', async () => (await service.job(job.id)).rows.succeeded > 0);
  await service.post(`/v1/jobs/${job.id}/pause`, {});
  await waitUntil('progress', () => receiver.at('/progress').length > 0);
  await service.post(`/v1/jobs/${job.id}/resume`, {});
  await service.ended(job.id);
  await settled(job.id);
  const all = receiver.at('/progress').map((one) => ({
    at: one.at,
    ...(JSON.parse(one.body) as { type: string; data: { job: { rows: { succeeded: number } } } }),
  }));
  const progress = all.filter((one) => one.type === 'job.progress');
  expect(progress.length).toBeGreaterThan(0);
  expect(all.at(-1)!.type).toBe('job.completed');
  const rows = all.map((one) => one.data.job.rows.succeeded);
  expect(rows).toEqual(rows.toSorted((a, b) => a - b));
});

it('the end of a job is reported even if the API is killed right after it', async () => {
  const job = await submit('/killed');
  await waitUntil('the job to end', async () => {
    const status = await redis.hget(`forebay:{${job.id}}:job`, 'status');
    return status === 'completed';
  });
  await service.restartApi();
  const [one] = await arrived('/killed');
  expect(JSON.parse(one!.body)).toMatchObject({ type: 'job.completed', data: { job: { id: job.id } } });
});

it('a delivery that was in progress in a killed API is sent again', async () => {
  receiver.answer('/held', (response, n) => {
    if (n > 0) response.writeHead(204).end();
  });
  const job = await submit('/held');
  await service.ended(job.id);
  await arrived('/held');
  await service.restartApi();
  const [first, second] = await arrived('/held', 2);
  expect(header(second!, 'forebay-event-id')).toBe(header(first!, 'forebay-event-id'));
  expect(second!.body).toBe(first!.body);
  await settled(job.id);
});

it.concurrent('a retry keeps the webhook and its secret, and no process title shows the secret', async () => {
  const input = { type: 'manifest', path: 'gone.txt' };
  const secret = 'kept for the retry';
  const job = await submit('/retried', { secret, events: ['failed'] }, { input });
  await service.ended(job.id);
  await arrived('/retried');
  const response = await service.post(`/v1/jobs/${job.id}/retry`, {});
  const { id } = (await response.json()) as { id: string };
  const [, second] = await arrived('/retried', 2);
  expect(JSON.parse(second!.body)).toMatchObject({ data: { job: { id, retry_of: job.id } } });
  expect(isGenuine(header(second!, 'forebay-signature'), second!.body, secret)).toBe(true);
  expect(execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })).not.toContain(secret);
});

it.concurrent('URLs that are not allowed or not valid are refused', async () => {
  const answer = async (webhook: object) => {
    const input = { type: 'files', path: 'images' };
    const response = await service.post('/v1/jobs', { model: 'tiny', input, webhook });
    const { code, detail } = (await response.json()) as { code: string; detail: string };
    return [response.status, code, detail];
  };
  for (const url of [
    'http://10.0.0.1/',
    'http://[::1]/',
    'http://[::ffff:10.0.0.1]/',
    'http://[64:ff9b::a9fe:a9fe]/',
    'http://[fc00::1]/',
    'http://169.254.169.254/x',
    'http://0xa000001/',
    'http://2852039166/',
    'http://012.1/',
    'http://0/',
  ]) {
    expect(await answer({ url })).toEqual([
      403,
      'url_not_allowed',
      expect.stringContaining('FOREBAY_WEBHOOK_ALLOW'),
    ]);
  }
  for (const webhook of [
    { url: 'ftp://example.org/' },
    { url: 'http://user:pass@example.org/' },
    { url: 'https://example.org/', events: ['done'] },
    { url: 'https://example.org/', secret: 'short' },
  ]) {
    expect((await answer(webhook))[0]).toBe(400);
  }
});
