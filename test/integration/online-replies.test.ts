// Replies to online requests between a worker and an API, over a real Redis.
import { expect, it } from 'vitest';
import { createOnlineRequests } from '#forebay/shared/queue/online/online-requests.js';
import { createOnlineWork } from '#forebay/shared/queue/online/online-work.js';
import { connectRedis } from '#forebay/shared/queue/connection.js';
import { createByteScripts, createScripts } from '#forebay/shared/queue/scripts.js';
import { useQueueLayer } from '../support/queue.ts';
import { waitUntil } from '../support/wait-until.ts';

const layer = useQueueLayer();

it('large replies of many requests reach their callers, and one that is too large is refused', async () => {
  const url = layer.url;
  const raise = (error: Error) => {
    throw error;
  };
  const connect = () => connectRedis(url, 'background', raise);
  const [redis, apiSubscriber, workerSubscriber] = [connect(), connect(), connect()];
  const requests = await createOnlineRequests({
    run: createScripts(redis),
    redis,
    subscriber: apiSubscriber,
    limits: { requests: 100, bytes: 16 * 1024 * 1024, tenants: 'whole' },
  });
  const work = createOnlineWork({
    worker: 'w',
    redis: layer.redis,
    run: createByteScripts(layer.redis),
    subscriber: workerSubscriber,
  });
  await work.listen(() => {});
  const ask = async () =>
    requests.ask(
      {
        queue: 'q',
        tenant: 'default',
        body: 'file',
        options: {},
        payload: Buffer.from('x'),
        timeoutMs: 20_000,
      },
      new AbortController().signal,
    );
  const texts = [...Array.from({ length: 5 }, (_, i) => `"${i}${'x'.repeat(12_000_000)}"`), '"short"'];
  const asked = [...texts, 'too large'].map(async () => ask().catch((error: unknown) => error));
  const taken: Awaited<ReturnType<typeof work.take>>['requests'][number][] = [];
  await waitUntil('all requests', async () => {
    taken.push(...(await work.take('q', 100)).requests);
    return taken.length === asked.length;
  });
  const results = [...texts, `"${'\u20ac'.repeat(6_000_000)}"`];
  await Promise.all(
    taken.map(async (one, i) => work.reply(one, { rows: [{ ok: true, result: results[i]! }], laneMs: 1 })),
  );
  const answers = (await Promise.all(asked)) as ({ rows: { result: string }[] } | { code: string })[];
  const got = answers.map((answer) =>
    'rows' in answer ? String(answer.rows[0]!.result.length) : answer.code,
  );
  const wanted = [...texts.map(({ length }) => String(length)), 'request_too_large'];
  expect(got.toSorted()).toEqual(wanted.toSorted());
  expect(await layer.redis.keys('forebay:{online}:*')).toEqual([]);
  await Promise.all([redis.quit(), apiSubscriber.quit(), workerSubscriber.quit()]);
});
