// Replies to online requests between a worker and an API, over a real Redis.
import { randomBytes } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createOnlineRequests, type OnlineRequests } from '#forebay/shared/queue/online/online-requests.js';
import {
  createOnlineWork,
  type OnlineWork,
  type TakenRequest,
} from '#forebay/shared/queue/online/online-work.js';
import { connectRedis } from '#forebay/shared/queue/connection.js';
import { onlineKeys } from '#forebay/shared/queue/keys.js';
import { CallerGone } from '#forebay/shared/queue/online/waiting-caller.js';
import { createByteScripts, createScripts, type RunScript } from '#forebay/shared/queue/scripts.js';
import { leavingCaller } from '../../support/leaving-caller.ts';
import { useQueueLayer } from '../../support/queue.ts';
import { infoOf } from '../../support/redis-counters.ts';
import { waitUntil } from '../../support/wait-until.ts';

const layer = useQueueLayer();

let connections: ReturnType<typeof connectRedis>[];
let requests: OnlineRequests;
let work: OnlineWork;
const unused: Uint8Array[] = [];
/** Requests that the worker was handed. */
let handed: TakenRequest[] = [];
beforeAll(async () => {
  const raise = (error: Error) => {
    throw error;
  };
  connections = [0, 1, 2].map(() => connectRedis(layer.url, 'background', raise));
  const [redis, apiSubscriber, workerSubscriber] = connections as [
    (typeof connections)[0],
    (typeof connections)[0],
    (typeof connections)[0],
  ];
  requests = await createOnlineRequests({
    run: counting(createScripts(redis)),
    redis,
    subscriber: apiSubscriber,
    limits: { requests: 100, bytes: 16 * 1024 * 1024, tenants: 'whole' },
    onUnused: (payload) => unused.push(payload),
  });
  work = createOnlineWork({
    worker: 'w',
    redis: layer.redis,
    run: counting(createByteScripts(layer.redis)),
    subscriber: workerSubscriber,
  });
  await work.listen(
    () => {},
    (_, request) => handed.push(request),
  );
});
afterAll(async () => {
  await Promise.all(connections.map(async (one) => one.quit()));
});
afterEach(async () => {
  await waitUntil(
    'Redis to be empty',
    async () => (await layer.redis.keys('forebay:{online}:*')).length === 0,
  );
});

/** The scripts that have run, without those by which an API looks for slow requests. Redis would count these, too. */
let ran: string[] = [];

function counting(run: RunScript): RunScript {
  return async (name, keys, args) => {
    if (name !== 'look-online') ran.push(name);
    return run(name, keys, args);
  };
}

async function ask(payload = Buffer.from('x'), caller = leavingCaller(), priority?: number, rows?: number) {
  return requests.ask(
    {
      queue: 'q',
      tenant: 'default',
      body: 'file',
      options: {},
      payload,
      timeoutMs: 20_000,
      folder: null,
      ...(priority !== undefined && { priority }),
      ...(rows !== undefined && { rows }),
    },
    caller,
  );
}

/** Takes this many requests. */
async function take(count: number) {
  const taken: Awaited<ReturnType<OnlineWork['take']>>['requests'][number][] = [];
  await waitUntil('all requests', async () => {
    taken.push(...(await work.take('q', 100)).requests);
    return taken.length === count;
  });
  return taken;
}

/** The body of a request that has passed through Redis. */
const bodyOf = ({ question }: TakenRequest) => question!.body as Buffer;

const ANSWER = { rows: [{ ok: true as const, result: '' }], laneMs: 1 };

it('large replies of many requests reach their callers, and one that is too large is refused', async () => {
  const texts = [...Array.from({ length: 5 }, (_, i) => `"${i}${'x'.repeat(12_000_000)}"`), '"short"'];
  const asked = [...texts, 'too large'].map(async () => ask().catch((error: unknown) => error));
  const taken = await take(asked.length);
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
});

it('requests of one turn cost one script to ask and one to reply, which also removes them', async () => {
  ran = [];
  const asked = Array.from({ length: 20 }, async () => ask());
  await waitUntil('all to wait', async () => (await layer.redis.llen(onlineKeys.waiting('q'))) === 20);
  expect(ran).toEqual(['ask-online']);
  const taken = await take(20);
  ran = [];
  await Promise.all(taken.map(async (one) => work.reply(one, ANSWER)));
  await Promise.all(asked);
  expect(await layer.redis.keys('forebay:{online}:*')).toEqual([]);
  expect(ran).toEqual(['reply-online']);
});

it('a large body arrives whole, and is unused once its request has ended and Redis has it', async () => {
  const body = randomBytes(100_000);
  const small = Buffer.from('small');
  const asked = [body, small].map(async (payload) => ask(payload));
  const taken = await take(2);
  const bodies = taken.map(bodyOf).toSorted((a, b) => a.length - b.length);
  expect(bodies[0]!.equals(small) && bodies[1]!.equals(body)).toBe(true);
  expect(unused.includes(body)).toBe(false);
  await Promise.all(taken.map(async (one) => work.reply(one, ANSWER)));
  await Promise.all(asked);
  expect(unused.filter((payload) => payload === body)).toHaveLength(1);
  expect(await layer.redis.keys('forebay:{online}:*')).toEqual([]);
  const caller = leavingCaller();
  const given = randomBytes(100_000);
  const gone = ask(given, caller);
  await nextTurn();
  caller.leave();
  await expect(gone).rejects.toThrow(CallerGone);
  // Redis has not answered yet, so the client may still send it again.
  expect(unused.includes(given)).toBe(false);
  await waitUntil('the answer of Redis', () => unused.includes(given));
});

it('a caller that leaves in the turn in which it asks leaves nothing behind', async () => {
  const caller = leavingCaller();
  const asked = ask(undefined, caller);
  caller.leave();
  await expect(asked).rejects.toThrow(CallerGone);
  const answered = ask();
  const [taken] = await take(1);
  expect(await layer.redis.zcard(onlineKeys.open)).toBe(1);
  await work.reply(taken!, ANSWER);
  await answered;
});

it('requests are taken by priority, and those of one priority in the order in which they came', async () => {
  const asked = [90, undefined, 1, 50, 1].map(async (priority, i) =>
    ask(Buffer.from(`${i}`), undefined, priority),
  );
  await waitUntil('all to wait', async () => (await layer.redis.llen(onlineKeys.waiting('q'))) === 5);
  const first = await work.take('q', 3);
  expect(first.left).toBe(2);
  const rest = await work.take('q', 9);
  const taken = [...first.requests, ...rest.requests];
  expect(taken.map((one) => bodyOf(one).toString())).toEqual(['2', '4', '1', '3', '0']);
  await Promise.all(taken.map(async (one) => work.reply(one, ANSWER)));
  await Promise.all(asked);
});

it('a worker with room for 8 rows takes one request of 1,000 rows, or several of few rows', async () => {
  const counts = [1000, 1000, 3, undefined, 3, 3, 3];
  const asked = counts.map(async (rows, i) => ask(Buffer.from(`${i}`), undefined, undefined, rows));
  await waitUntil('all to wait', async () => (await layer.redis.llen(onlineKeys.waiting('q'))) === 7);
  const takes = [];
  for (let i = 0; i < 4; i++) takes.push((await work.take('q', 8)).requests);
  expect(takes.map((taken) => taken.map(({ question }) => question!.header.rows))).toEqual([
    [1000],
    [1000],
    // An older API does not say how many, which counts as one row.
    [3, undefined, 3, 3],
    [3],
  ]);
  await Promise.all(takes.flat().map(async (one) => work.reply(one, ANSWER)));
  await Promise.all(asked);
});

/** The worker answers a request, and offers to take the next one. */
async function makeOffer(from: OnlineWork = work) {
  const asked = ask();
  const [taken] = await take(1);
  await from.reply(taken!, ANSWER, true);
  await asked;
}

async function nextHanded(): Promise<TakenRequest> {
  const [request] = await waitUntil('a request', () => handed.length > 0 && handed);
  handed = [];
  return request!;
}

it('after an offer, a request reaches the worker with one script, whatever the size of its body', async () => {
  await makeOffer();
  for (const body of [randomBytes(100), randomBytes(100_000), randomBytes(100)]) {
    ran = [];
    const asked = ask(body);
    const request = await nextHanded();
    expect(ran).toEqual(['ask-online']);
    expect(bodyOf(request).equals(body)).toBe(true);
    expect(await layer.redis.exists(onlineKeys.body(request.id), onlineKeys.waiting('q'))).toBe(0);
    await work.reply(request, ANSWER, true);
    expect(await asked).toEqual(ANSWER);
  }
  // Requests that come together use no offer. While one of them waits, another must wait behind it.
  const twoWait = async () =>
    waitUntil('two to wait', async () => (await layer.redis.llen(onlineKeys.waiting('q'))) === 2);
  const waits = [ask(), ask()];
  await twoWait();
  const [first] = (await work.take('q', 1)).requests;
  await work.reply(first!, ANSWER, true);
  waits.push(ask(randomBytes(100_000)));
  await twoWait();
  const others = await take(2);
  expect(handed).toEqual([]);
  await Promise.all(others.map(async (one) => work.reply(one, ANSWER)));
  await Promise.all(waits);
});

it('a request that its worker gives back, or never receives, is asked again', async () => {
  for (const lose of [(one: TakenRequest) => work.giveBack(one), ({ id }: TakenRequest) => work.forget(id)]) {
    await makeOffer();
    const body = randomBytes(100_000);
    const asked = ask(body);
    lose(await nextHanded());
    const [again] = await take(1);
    expect(bodyOf(again!).equals(body)).toBe(true);
    await work.reply(again!, ANSWER);
    await asked;
  }
});

it('a request goes on the list if the worker that has offered to take it is gone', async () => {
  const subscriber = connectRedis(layer.url, 'background', () => {});
  const run = createByteScripts(layer.redis);
  const gone = createOnlineWork({ worker: 'gone', redis: layer.redis, run, subscriber });
  await makeOffer(gone);
  const body = randomBytes(100_000);
  const asked = ask(body);
  const [taken] = await take(1);
  expect(bodyOf(taken!).equals(body)).toBe(true);
  await work.reply(taken!, ANSWER);
  await asked;
  await subscriber.quit();
});

it('the API removes what a worker of an older version has answered', async () => {
  const asked = ask();
  const [taken] = await take(1);
  await layer.redis.publish(onlineKeys.replies(taken!.api), `${taken!.id} 1.5\n+"a":1`);
  expect(await asked).toEqual({ rows: [{ ok: true, result: '"a":1' }], laneMs: 1.5 });
});

it('payloads are not written to the append-only file', async () => {
  await layer.redis.config('SET', 'appendonly', 'yes');
  await waitUntil(
    'the file',
    async () =>
      (await infoOf(layer.redis, 'persistence', 'aof_rewrite_in_progress')) === 0 &&
      (await infoOf(layer.redis, 'persistence', 'aof_enabled')) === 1,
  );
  const size = async () => infoOf(layer.redis, 'persistence', 'aof_current_size');
  const before = await size();
  const asked = Array.from({ length: 10 }, async () => ask(Buffer.alloc(100_000)));
  const taken = await take(10);
  await Promise.all(taken.map(async (one) => work.reply(one, ANSWER)));
  await Promise.all(asked);
  await layer.redis.set('written', 'yes');
  await waitUntil('a write', async () => (await size()) > before);
  expect((await size()) - before).toBeLessThan(1000);
  await layer.redis.config('SET', 'appendonly', 'no');
});
