// Online requests through the real service: API, Redis, workers and lanes as processes.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { ModelWire } from '#forebay/api/http/wire/model.js';
import { connectRedis } from '#forebay/shared/queue/connection.js';
import { createClient } from '#forebay/client/client.js';
import { childPids } from '../../support/child-pids.ts';
import { forebayCommands } from '../../support/forebay-command.ts';
import {
  colourImage,
  LABELS,
  startService,
  writeImages,
  writeTinyModel,
  type Service,
} from '../../support/service.ts';
import { VOCABULARY, writeTextModel } from '../../support/text-models.ts';
import { largestOfTokens } from '../../support/onnx/text-graphs.ts';
import { waitUntil } from '../../support/wait-until.ts';

const PREDICT = '/v1/models/tiny/predict';
const MOST = 4;

let service: Service;
let worker: ChildProcess;
let redis: ReturnType<typeof connectRedis>;
let images: Buffer[];
let frozen: number[] = [];
beforeAll(async () => {
  service = await startService({
    workers: 0,
    env: { FOREBAY_LANES: '1', FOREBAY_ONLINE_MAX_REQUESTS: String(MOST), FOREBAY_ONLINE_MAX_MB: '16' },
  });
  const scores: Record<string, number[]> = { paris: [0.9, 0.1], loves: [0, 0.75] };
  writeTextModel(join(service.models, 'mood'), {
    graph: largestOfTokens({ table: VOCABULARY.map((token) => scores[token] ?? [0, 0]) }),
    config: { name: 'mood', task: 'text-classification', activation: 'none' },
    labels: ['place', 'feeling'],
  });
  worker = await startServing(1);
  redis = connectRedis(service.redis.url, 'request', () => undefined);
  images = await Promise.all([0, 1, 2].map(colourImage));
});
afterAll(async () => {
  await redis.quit();
  await service.close();
});
afterEach(async () => {
  thaw();
  // Nothing of a request stays in Redis after its answer.
  await waitUntil('Redis to be empty of online requests', async () => (await onlineKeys()).length === 0);
});

/**
 * Starts a worker, and waits until `count` workers serve both models. A worker is ready before that if models load
 * slowly. To freeze its lanes then would keep it from loading the others.
 */
async function startServing(count: number): Promise<ChildProcess> {
  const started = await service.startWorker();
  for (const name of ['tiny', 'mood']) {
    await waitUntil(`${count} workers to serve ${name}`, async () => {
      const { lanes } = (await (await service.request(`/v1/models/${name}`)).json()) as ModelWire;
      return lanes === count;
    });
  }
  // The lanes in which it has tried the models end a little later.
  await waitUntil('the worker to have one lane', () => childPids(started.pid!).length === 1);
  return started;
}

const onlineKeys = async () => redis.keys('forebay:{online}:*');

async function send(
  body: Buffer | string,
  options: { type?: string; query?: string; signal?: AbortSignal } = {},
) {
  const { type = 'image/png', query = '', signal } = options;
  return service.request(`${PREDICT}${query}`, {
    method: 'POST',
    headers: { 'content-type': type },
    body,
    ...(signal && { signal }),
  });
}

/** Sends only the headers of a body of this length. */
async function statusOfAnnounced(length: number): Promise<number> {
  const asked = request(new URL(PREDICT, service.url), {
    method: 'POST',
    headers: { 'content-type': 'image/png', 'content-length': length },
  });
  asked.flushHeaders();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  asked.destroy();
  return response.statusCode!;
}

/** Stops the lanes of a worker in the middle of whatever they do. */
function freeze(of: ChildProcess): void {
  const lanes = childPids(of.pid!);
  frozen.push(...lanes);
  for (const lane of lanes) process.kill(lane, 'SIGSTOP');
}

function thaw(): void {
  for (const lane of frozen) process.kill(lane, 'SIGCONT');
  frozen = [];
}

/** How many open requests workers have taken. */
async function taken(): Promise<string[]> {
  const keys = await redis.keys('forebay:{online}:request:*');
  const notes = keys.length === 0 ? [] : await redis.mget(keys);
  return notes.filter((note) => note?.startsWith('t')) as string[];
}

const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;

it('an image as the body is answered with one result, with the options of the query', async () => {
  const response = await send(images[1]!, { query: '?top_k=1' });
  expect(await response.json()).toEqual({
    predictions: [{ index: 1, label: LABELS[1], score: expect.any(Number) }],
  });
  const bad = await send('not an image', { type: 'application/octet-stream' });
  expect([bad.status, await codeOf(bad)]).toEqual([415, 'unsupported_format']);
  expect((await send('a text', { type: 'text/plain' })).status).toBe(415);
});

it('a text as the body is answered with one result', async () => {
  const asked = await service.request('/v1/models/mood/predict?threshold=0.5', {
    method: 'POST',
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    body: 'Mary loves Paris',
  });
  expect(await asked.json()).toMatchObject({ predictions: [{ label: 'place' }, { label: 'feeling' }] });
  expect(asked.headers.get('server-timing')).toMatch(/^lane;dur=\d/);
  const one = await createClient({ url: service.url }).predictOne('mood', 'paris', { top_k: 1 });
  expect(one.predictions).toHaveLength(1);
});

it('JSON rows are answered in order, each with a result or an error', async () => {
  const base64 = images.map((image) => image.toString('base64'));
  const { results } = await createClient({ url: service.url }).predict('tiny', {
    rows: [
      { id: 'blue', image: `data:image/png;base64,${base64[2]}` },
      { id: 7, image: 'http://127.0.0.1:9/a.png' },
      { picture: 'x' },
      { image: `data:image/png;base64,${base64[0]}` },
      { id: 'cut', image: 'data:image/png;base64,AAAA' },
    ],
    options: { top_k: 1 },
  });
  expect(results).toMatchObject([
    { id: 'blue', predictions: [{ label: 'blue' }] },
    { id: 7, error: { code: 'url_not_allowed' } },
    { error: { code: 'invalid_row' } },
    { predictions: [{ label: 'red' }] },
    { id: 'cut', error: { code: 'unsupported_format' } },
  ]);
  expect(results[3]).not.toHaveProperty('id');
});

it('mistakes in a request are named together, and nothing is asked of a worker', async () => {
  const json = (body: unknown) => send(JSON.stringify(body), { type: 'application/json' });
  const wrong = await json({ rows: [1, { id: {} }], options: { top_k: 0 }, timeout_ms: 0, priority: 101 });
  expect(wrong.status).toBe(400);
  const { errors } = (await wrong.json()) as { errors: { path: string }[] };
  expect(errors.map(({ path }) => path)).toEqual([
    '/rows/0',
    '/rows/1/id',
    '/options/top_k',
    '/timeout_ms',
    '/priority',
  ]);
  expect((await json({ rows: [] })).status).toBe(400);
  expect((await json({ rows: Array.from({ length: 5000 }, () => ({})) })).status).toBe(400);
  const foreign = await json({ rows: [{}], options: { prompt: 'x' } });
  expect(await foreign.text()).toContain('has no option prompt');
  expect(await statusOfAnnounced(17 * 2 ** 20)).toBe(413);
});

it('a request whose deadline passes gets 504, and one too many gets 429 with Retry-After', async () => {
  freeze(worker);
  const late = await send(images[0]!, { query: '?timeout_ms=150' });
  expect([late.status, await codeOf(late)]).toEqual([504, 'deadline_passed']);

  const clients = Array.from({ length: MOST }, () => new AbortController());
  const waiting = clients.map(async ({ signal }) => send(images[0]!, { signal }).catch(() => 'hung up'));
  await waitUntil('the requests to be taken', async () => (await taken()).length === MOST);
  const full = await send(images[0]!);
  expect([full.status, full.headers.get('retry-after'), await codeOf(full)]).toEqual([
    429,
    '1',
    'online_full',
  ]);
  const scrape = await (await service.request('/metrics')).text();
  expect(scrape).toContain(`\nforebay_online_open_requests ${MOST}\n`);
  expect(Number(/^forebay_online_open_bytes (\d+)$/m.exec(scrape)![1])).toBeGreaterThan(
    MOST * images[0]!.length,
  );

  // A client that hangs up makes room.
  for (const client of clients) client.abort();
  expect(await Promise.all(waiting)).toEqual(clients.map(() => 'hung up'));
  await waitUntil('Redis to forget them', async () => (await onlineKeys()).length === 0);
  thaw();
  expect((await send(images[0]!)).status).toBe(200);
});

it('requests of too many bytes together get 429', async () => {
  freeze(worker);
  const client = new AbortController();
  const large = send(Buffer.alloc(12 * 2 ** 20, 1), { signal: client.signal }).catch(() => 'hung up');
  await waitUntil('the request to be taken', async () => (await taken()).length === 1);
  // The bodies are 16 MB, but Redis also holds what goes with them.
  const second = await send(Buffer.alloc(4 * 2 ** 20, 1));
  expect([second.status, await codeOf(second)]).toEqual([429, 'online_full']);
  client.abort();
  expect(await large).toBe('hung up');
});

it('a request whose worker is killed is answered by another worker', async () => {
  const other = await startServing(2);
  const both = [worker, other];
  for (const one of both) freeze(one);
  const answer = send(images[2]!);
  const [note] = await waitUntil('the request to be taken', async () => {
    const notes = await taken();
    return notes.length === 1 && notes;
  });
  const taker = both.find(({ pid }) => note!.includes(`.${pid}.`))!;
  const lanes = childPids(taker.pid!);
  taker.kill('SIGKILL');
  await once(taker, 'exit');
  for (const lane of lanes) process.kill(lane, 'SIGKILL');
  frozen = frozen.filter((lane) => !lanes.includes(lane));
  thaw();
  const response = await answer;
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ predictions: [{ label: 'blue' }, {}] });
  worker = both.find((one) => one !== taker)!;
});

it('a job and online requests share the lanes, and both get all their answers', async () => {
  await writeImages(join(service.input, 'many'), 900);
  const job = await service.submit({ input: { type: 'files', path: 'many' }, options: { batch_size: 4 } });
  let asked = 0;
  let state = await service.job(job.id);
  while (state.finished_at === null) {
    const response = await send(images[asked % 3]!);
    expect(await response.json()).toMatchObject({ predictions: [{ label: LABELS[asked % 3] }, {}] });
    asked += 1;
    state = await service.job(job.id);
  }
  expect(asked).toBeGreaterThan(0);
  expect(state).toMatchObject({ status: 'completed', rows: { total: 900, succeeded: 900 } });
});

it('an unloaded model is loaded for a request, and a model that nobody serves gets 503', async () => {
  await service.post('/v1/models/tiny/unload', undefined);
  const status = async () =>
    ((await (await service.request('/v1/models/tiny')).json()) as { status: string }).status;
  await waitUntil('the model to be unloaded', async () => (await status()) === 'unloaded');
  expect((await send(images[0]!)).status).toBe(200);
  // Otherwise a worker that starts in a later test would not load it.
  await service.post('/v1/models/tiny/load', undefined);

  const file = join(service.folder, 'green.png');
  writeFileSync(file, images[1]!);
  const commands = forebayCommands(service.folder, { FOREBAY_URL: service.url });
  const printed = await commands.run('predict', '--model', 'tiny', '--input', file, '--top-k', '1');
  expect(printed).toMatchObject({ code: 0, err: '' });
  expect(JSON.parse(printed.out)).toMatchObject({ predictions: [{ label: 'green' }] });
  await commands.close();

  writeTinyModel(join(service.models, 'lonely'), 'lonely', { pool: 'elsewhere' });
  const unserved = await service.post('/v1/models/lonely/predict', { rows: [{}] });
  expect([unserved.status, await codeOf(unserved)]).toEqual([503, 'no_worker']);
});
