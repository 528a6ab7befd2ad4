// Large bodies while processes are killed, callers leave, and the folder is full, emptied or removed. Every caller that
// waits is answered, and nothing of a request stays in the folder or in Redis.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChildProcess } from 'node:child_process';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { ModelWire } from '#forebay/api/http/wire/model.js';
import { connectRedis } from '#forebay/shared/queue/connection.js';
import { mountSmallDisk, type SmallDisk } from '../../chaos/full-disk.ts';
import { childPids } from '../../support/child-pids.ts';
import { LABELS, startService, type Service } from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';

const MINUTE_MS = 60_000;
const parent = mkdtempSync(join(tmpdir(), 'fbt-trouble-'));
const disk: SmallDisk | null = mountSmallDisk(join(parent, 'disk'));
const dir = join(parent, 'disk', 'online');
let service: Service;
let worker: ChildProcess;
let redis: ReturnType<typeof connectRedis>;
let photos: Buffer[];

beforeAll(async () => {
  service = await startService({
    workers: 0,
    env: {
      FOREBAY_LANES: '1',
      FOREBAY_ONLINE_DIR: dir,
      FOREBAY_ONLINE_MAX_REQUESTS: '40',
      FOREBAY_ONLINE_MAX_MB: '16',
    },
  });
  redis = connectRedis(service.redis.url, 'request', () => undefined);
  await startServing(1);
  photos = await Promise.all([0, 1, 2].map(noisyImage));
});
afterEach(async () => {
  thaw();
  await waitUntil('the folder to be empty', () => bodies().length === 0);
  await waitUntil('Redis to be empty', async () => (await onlineKeys()).length === 0);
});
afterAll(async () => {
  await redis.quit();
  await service.close();
  disk?.unmount();
  rmSync(parent, { recursive: true, force: true });
});

const bodies = () => readdirSync(dir).filter((name) => name.endsWith('.body'));
const onlineKeys = async () => redis.keys('forebay:{online}:*');

async function startServing(count: number): Promise<void> {
  worker = await service.startWorker();
  await waitUntil(`${count} lanes`, async () => {
    const { lanes } = (await (await service.request('/v1/models/tiny')).json()) as ModelWire;
    return lanes === count;
  });
}

let frozen: number[] = [];
function freeze(): void {
  frozen = childPids(worker.pid!);
  for (const lane of frozen) process.kill(lane, 'SIGSTOP');
}
function thaw(): void {
  for (const lane of frozen) {
    try {
      process.kill(lane, 'SIGCONT');
    } catch {
      // It was killed.
    }
  }
  frozen = [];
}

/** A PNG of some 30 KB whose strongest channel is `label`. */
async function noisyImage(label: number): Promise<Buffer> {
  const pixels = randomBytes(3 * 100 * 100).map((value, i) => (i % 3 === label ? 255 : value >> 1));
  return sharp(pixels, { raw: { width: 100, height: 100, channels: 3 } })
    .png()
    .toBuffer();
}

async function predict(label: number, query = '', signal?: AbortSignal): Promise<Response> {
  return service.request(`/v1/models/tiny/predict?top_k=1${query}`, {
    method: 'POST',
    headers: { 'content-type': 'image/png' },
    body: photos[label]!,
    ...(signal && { signal }),
  });
}

async function expectLabel(response: Promise<Response>, label: number): Promise<void> {
  expect(await (await response).json()).toMatchObject({ predictions: [{ label: LABELS[label] }] });
}

it('a request whose file somebody removes before its lane reads it is answered nevertheless', async () => {
  freeze();
  const answers = [0, 1, 2].map((label) => expectLabel(predict(label), label));
  await waitUntil('the bodies to be files', () => bodies().length === 3);
  for (const name of bodies()) rmSync(join(dir, name));
  thaw();
  await Promise.all(answers);
});

it('many callers that leave, are late or are refused leave nothing', async () => {
  const answered: number[] = [];
  for (let turn = 0; turn < 6; turn++) {
    if (turn % 2 === 0) freeze();
    const asked = Array.from({ length: 60 }, async (_, i) => {
      const leaving = new AbortController();
      if (i % 3 === 0) setTimeout(() => leaving.abort(), 5 * i);
      const query = i % 3 === 1 ? `&timeout_ms=${i + 1}` : '';
      return predict(i % 3, query, leaving.signal).then(
        async (response) => {
          await response.arrayBuffer();
          return response.status;
        },
        () => 0,
      );
    });
    if (turn % 2 === 0) setTimeout(thaw, 400);
    answered.push(...(await Promise.all(asked)));
    thaw();
  }
  const kinds = [...new Set(answered)].toSorted((a, b) => a - b);
  expect(kinds).toEqual([0, 200, 429, 504]);
  await expectLabel(predict(1), 1);
});

it('requests that are asked again, because replies may have been lost, are answered once', async () => {
  freeze();
  const answers = Promise.all([0, 1, 2].map(async (label) => expectLabel(predict(label), label)));
  await waitUntil('the bodies to be files', () => bodies().length === 3);
  const listeners = async () =>
    String(await redis.call('client', 'list', 'type', 'pubsub')).split('\n').length;
  const count = await listeners();
  await redis.call('client', 'kill', 'type', 'pubsub');
  await waitUntil('all processes to listen again', async () => (await listeners()) === count);
  thaw();
  await answers;
});

it('workers that are killed while they have requests leave nothing', async () => {
  for (const label of [0, 1]) {
    freeze();
    const lanes = frozen;
    const dying = worker;
    const answers = Array.from({ length: 10 }, async () => expectLabel(predict(label), label));
    await waitUntil('the bodies to be files', () => bodies().length > 0);
    dying.kill('SIGKILL');
    await once(dying, 'exit');
    for (const lane of lanes) process.kill(lane, 'SIGKILL');
    worker = await service.startWorker();
    await Promise.all(answers);
  }
});

it('files of an API that was killed are removed by the next one when no request can be so old', async () => {
  freeze();
  const lost = Promise.allSettled([0, 1, 2].map(async (label) => predict(label, '&timeout_ms=1000')));
  await waitUntil('the bodies to be files', () => bodies().length === 3);
  await service.restartApi();
  await lost;
  thaw();
  const [first, ...young] = bodies();
  const old = (Date.now() - 12 * MINUTE_MS) / 1000;
  utimesSync(join(dir, first!), old, old);
  await service.restartApi();
  expect(bodies()).toEqual(young);
  for (const name of young) utimesSync(join(dir, name), old, old);
  await service.restartApi();
  await expectLabel(predict(2), 2);
});

it('a folder that is full changes nothing, even for processes that start', async ({ skip }) => {
  if (disk === null) skip('the test needs a full disk, and this user may not mount one');
  disk!.fill();
  await expectLabel(predict(0), 0);
  await service.stopWorkers();
  await startServing(1);
  await service.restartApi();
  await expectLabel(predict(1), 1);
  disk!.empty();
  freeze();
  const answer = expectLabel(predict(2), 2);
  await waitUntil('the body to be a file', () => bodies().length === 1);
  thaw();
  await answer;
});

it('a folder that is removed and comes back changes nothing', async () => {
  const id = readFileSync(join(dir, 'folder-id'));
  freeze();
  const early = expectLabel(predict(0), 0);
  await waitUntil('the body to be a file', () => bodies().length === 1);
  rmSync(dir, { recursive: true });
  const late = expectLabel(predict(1), 1);
  thaw();
  await Promise.all([early, late]);
  mkdirSync(dir);
  // Without it, processes of other tests could not start while the folder is full.
  writeFileSync(join(dir, 'folder-id'), id);
  await expectLabel(predict(2), 2);
});
