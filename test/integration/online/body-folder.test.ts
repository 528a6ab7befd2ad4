// Large bodies of online requests pass through a folder in memory. First over a real Redis, then in the real service.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ModelWire } from '#forebay/api/http/wire/model.js';
import { connectRedis } from '#forebay/shared/queue/connection.js';
import { onlineKeys } from '#forebay/shared/queue/keys.js';
import { openBodyFolder, type BodyFolder } from '#forebay/shared/queue/online/body-folder.js';
import { notHadMessage } from '#forebay/shared/queue/online/online-messages.js';
import { createOnlineRequests, type OnlineRequests } from '#forebay/shared/queue/online/online-requests.js';
import {
  createOnlineWork,
  type OnlineWork,
  type TakenRequest,
} from '#forebay/shared/queue/online/online-work.js';
import { createByteScripts, createScripts } from '#forebay/shared/queue/scripts.js';
import { childPids } from '../../support/child-pids.ts';
import { leavingCaller } from '../../support/leaving-caller.ts';
import { useQueueLayer } from '../../support/queue.ts';
import { LABELS, startService, type Service } from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';

const parent = mkdtempSync(join(tmpdir(), 'fbt-bodies-'));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

/** Ids of the requests. */
const bodiesIn = (dir: string) =>
  readdirSync(dir).flatMap((name) => (name === 'folder-id' ? [] : [name.replace('.body', '')]));

describe('between an API and a worker', () => {
  const layer = useQueueLayer();
  const dir = join(parent, 'queue');
  const connections: ReturnType<typeof connectRedis>[] = [];
  const handed: TakenRequest[] = [];
  let folder: BodyFolder;
  let requests: OnlineRequests;
  let work: OnlineWork;
  /** A worker that has no folder. */
  let stranger: OnlineWork;
  beforeAll(async () => {
    folder = openBodyFolder(dir);
    requests = await createOnlineRequests({
      run: createScripts(layer.redis),
      redis: layer.redis,
      subscriber: connection(),
      limits: { requests: 100, bytes: 16 * 1024 * 1024, tenants: 'whole' },
      folder,
    });
    work = await startWork('sharing', openBodyFolder(dir));
    stranger = await startWork('stranger', undefined);
  });
  afterEach(async () => {
    expect(bodiesIn(dir)).toEqual([]);
    await waitUntil(
      'Redis to be empty',
      async () => (await layer.redis.keys('forebay:{online}:*')).length === 0,
    );
  });
  afterAll(async () => {
    await Promise.all(connections.map(async (one) => one.quit()));
  });

  function connection() {
    const made = connectRedis(layer.url, 'background', () => undefined);
    connections.push(made);
    return made;
  }

  async function startWork(worker: string, its: BodyFolder | undefined): Promise<OnlineWork> {
    const run = createByteScripts(layer.redis);
    const started = createOnlineWork({
      worker,
      redis: layer.redis,
      run,
      subscriber: connection(),
      folder: its,
    });
    await started.listen(
      () => undefined,
      (_, request) => handed.push(request),
    );
    return started;
  }

  async function ask(payload: Buffer, more: { body?: 'records'; shared?: string; caller?: object } = {}) {
    const { body = 'file', shared = folder.id, caller = leavingCaller() } = more;
    const question = { queue: 'q', tenant: 'default', options: {}, timeoutMs: 20_000 };
    return requests.ask(
      { ...question, body, payload, folder: shared },
      caller as ReturnType<typeof leavingCaller>,
    );
  }

  const oneWaits = async () =>
    waitUntil('the request to wait', async () => (await layer.redis.llen(onlineKeys.waiting('q'))) === 1);

  async function takeOne(by = work): Promise<TakenRequest> {
    return waitUntil('a request', async () => (await by.take('q', 1)).requests[0]);
  }

  const ANSWER = { rows: [{ ok: true as const, result: '' }], laneMs: 1 };

  it('a large body is a file until its answer, and Redis holds only its header', async () => {
    const body = randomBytes(100_000);
    const asked = ask(body);
    await oneWaits();
    const [name] = bodiesIn(dir);
    expect(await layer.redis.strlen(onlineKeys.request(name!))).toBeLessThan(500);
    expect(await layer.redis.exists(onlineKeys.body(name!))).toBe(0);
    // The limits count the body.
    expect(Number(await layer.redis.get(onlineKeys.bytes))).toBeGreaterThan(body.length);
    const taken = await takeOne();
    const at = taken.question!.body as { path: string; bytes: number };
    expect(at.bytes).toBe(body.length);
    expect(readFileSync(at.path).equals(body)).toBe(true);
    await work.reply(taken, ANSWER, true);
    expect(await asked).toEqual(ANSWER);
    expect(existsSync(at.path)).toBe(false);

    // The worker has offered to take the next request. Its body needs no message of its own.
    const next = ask(body);
    const request = await waitUntil('the worker to be handed the request', () => handed.shift());
    expect(readFileSync((request.question!.body as { path: string }).path).equals(body)).toBe(true);
    await work.reply(request, ANSWER);
    await next;
  });

  it('rows in JSON reach the worker as bytes, and a small body passes through Redis', async () => {
    const rows = Buffer.from(JSON.stringify([{ text: 'x'.repeat(50_000) }]));
    for (const [payload, body] of [
      [rows, 'records'],
      [Buffer.from('small'), undefined],
    ] as const) {
      const asked = ask(payload, body === undefined ? {} : { body });
      const taken = await takeOne();
      expect((taken.question!.body as Buffer).equals(payload)).toBe(true);
      await work.reply(taken, ANSWER);
      await asked;
    }
  });

  it.each(['does not share the folder', 'finds it emptied'])(
    'a worker that %s gets the body through Redis',
    async (trouble) => {
      const body = randomBytes(100_000);
      const isStranger = trouble !== 'finds it emptied';
      const asked = ask(body, isStranger ? {} : { body: 'records' });
      await oneWaits();
      if (!isStranger) for (const name of bodiesIn(dir)) folder.remove(name);
      const taken = await takeOne(isStranger ? stranger : work);
      expect((taken.question!.body as Buffer).equals(body)).toBe(true);
      await work.reply(taken, ANSWER);
      expect(await asked).toEqual(ANSWER);
    },
  );

  it('a lane that may not have found its file sends no answer, and the request is asked again', async () => {
    const body = randomBytes(100_000);
    const asked = ask(body);
    const taken = await takeOne();
    const { path } = taken.question!.body as { path: string };
    rmSync(path);
    const failed = { ok: false as const, error: { code: 'file_not_found' as const, message: 'it is gone' } };
    await work.reply(taken, { rows: [failed], laneMs: 1 });
    work.forget(taken.id);
    const again = await takeOne();
    expect((again.question!.body as Buffer).equals(body)).toBe(true);
    await work.reply(again, ANSWER);
    expect(await asked).toEqual(ANSWER);
  });

  it('a worker whose request was asked again sends no answer, because the API has removed the file', async () => {
    const body = randomBytes(100_000);
    const asked = ask(body);
    const slow = await takeOne();
    await layer.redis.publish(onlineKeys.replies(slow.api), notHadMessage(slow.id));
    const again = await takeOne(stranger);
    const failed = { ok: false as const, error: { code: 'file_not_found' as const, message: 'it is gone' } };
    await work.reply(slow, { rows: [failed], laneMs: 1 });
    work.forget(slow.id);
    await stranger.reply(again, ANSWER);
    expect(await asked).toEqual(ANSWER);
  });

  it('a worker of an older version, which does not know files, gets the body through Redis', async () => {
    const body = randomBytes(100_000);
    const asked = ask(body);
    const taken = await takeOne();
    const refusal = { code: 'no_worker' as const, message: 'The worker is of another version of Forebay.' };
    await work.reply({ ...taken, question: null }, { refused: refusal });
    const again = await takeOne();
    expect((again.question!.body as Buffer).equals(body)).toBe(true);
    await work.reply({ ...again, question: null }, { refused: refusal });
    // Without a file, the same answer says that nothing helps.
    await expect(asked).rejects.toThrow(refusal.message);
  });

  it('nothing is written for workers that share no folder, or another one', async () => {
    const body = randomBytes(100_000);
    const asked = ask(body, { shared: 'another' });
    await oneWaits();
    expect(bodiesIn(dir)).toEqual([]);
    await work.reply(await takeOne(), ANSWER);
    await asked;
  });

  it('the file of a caller that leaves is removed', async () => {
    const caller = leavingCaller();
    const asked = ask(randomBytes(100_000), { caller }).catch(() => 'left');
    await oneWaits();
    expect(bodiesIn(dir)).toHaveLength(1);
    caller.leave();
    expect(await asked).toBe('left');
  });
});

describe('a service', () => {
  const dir = join(parent, 'service');
  let service: Service;
  beforeAll(async () => {
    service = await startService({
      workers: 0,
      env: { FOREBAY_LANES: '1', FOREBAY_ONLINE_DIR: dir },
    });
  });
  afterAll(async () => {
    await service.close();
  });

  async function lanesReach(count: number): Promise<void> {
    await waitUntil(`${count} lanes`, async () => {
      const { lanes } = (await (await service.request('/v1/models/tiny')).json()) as ModelWire;
      return lanes === count;
    });
  }

  /** A PNG of some 30 KB whose strongest channel is `label`. */
  async function noisyImage(label: number): Promise<Buffer> {
    const pixels = randomBytes(3 * 100 * 100).map((value, i) => (i % 3 === label ? 255 : value >> 1));
    return sharp(pixels, { raw: { width: 100, height: 100, channels: 3 } })
      .png()
      .toBuffer();
  }

  const predict = async (body: Buffer) =>
    service.request('/v1/models/tiny/predict?top_k=1', {
      method: 'POST',
      headers: { 'content-type': 'image/png' },
      body,
    });

  async function expectLabel(response: Promise<Response>, label: number): Promise<void> {
    expect(await (await response).json()).toMatchObject({ predictions: [{ label: LABELS[label] }] });
  }

  it('answers large photos, also after the worker that has taken them was killed', async () => {
    const worker = await service.startWorker();
    await lanesReach(1);
    for (const label of [0, 1, 2]) await expectLabel(predict(await noisyImage(label)), label);
    const broken = await predict(randomBytes(100_000));
    expect([broken.status, bodiesIn(dir)]).toEqual([415, []]);

    const lanes = childPids(worker.pid!);
    for (const lane of lanes) process.kill(lane, 'SIGSTOP');
    const answer = predict(await noisyImage(2));
    await waitUntil('the body to be a file', () => bodiesIn(dir).length === 1);
    const other = await service.startWorker();
    worker.kill('SIGKILL');
    await once(worker, 'exit');
    for (const lane of lanes) process.kill(lane, 'SIGKILL');
    await expectLabel(answer, 2);
    expect(bodiesIn(dir)).toEqual([]);

    // A worker of another machine, which does not share the folder, changes nothing but the way of the bodies.
    await service.startWorker({ FOREBAY_ONLINE_DIR: 'off' });
    await lanesReach(2);
    for (const label of [1, 0]) await expectLabel(predict(await noisyImage(label)), label);
    expect(other.exitCode).toBe(null);
  });
});
