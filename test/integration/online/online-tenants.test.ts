// The bound of online requests, shared by tenants, on a real Redis. No worker takes the requests.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ForebayError } from '#forebay/shared/errors.js';
import { connectRedis } from '#forebay/shared/queue/connection.js';
import { createOnlineRequests, type OnlineRequests } from '#forebay/shared/queue/online/online-requests.js';
import { createScripts } from '#forebay/shared/queue/scripts.js';
import { leavingCaller } from '../../support/leaving-caller.ts';
import { startTestRedis } from '../../support/redis.ts';
import { waitUntil } from '../../support/wait-until.ts';

type TestRedis = Awaited<ReturnType<typeof startTestRedis>>;

let server: TestRedis;
let redis: ReturnType<typeof connectRedis>;
let subscriber: ReturnType<typeof connectRedis>;
let requests: OnlineRequests;
beforeAll(async () => {
  server = await startTestRedis();
  redis = connectRedis(server.url, 'request', () => undefined);
  subscriber = connectRedis(server.url, 'request', () => undefined);
  const limits = { requests: 4, bytes: 8000, tenants: 'shared' } as const;
  requests = await createOnlineRequests({ run: createScripts(redis), redis, subscriber, limits });
});
afterAll(async () => {
  await Promise.all([redis.quit(), subscriber.quit()]);
  await server.stop();
});

/** Sends a request that nobody answers. `ended`: how it ended. */
function ask(tenant: string, bytes = 10, timeoutMs = 60_000) {
  const caller = leavingCaller();
  const question = {
    queue: 'q',
    tenant,
    body: 'file',
    options: {},
    payload: Buffer.alloc(bytes),
    timeoutMs,
    folder: null,
  } as const;
  const ended = requests.ask(question, caller).then(
    () => 'answered',
    (error: unknown) => (error instanceof ForebayError ? error.code : 'left'),
  );
  return { ended, leave: () => caller.leave() };
}

const open = async (tenant: string) => redis.zcard(`forebay:{online}:open:${tenant}`);
const openReaches = async (tenant: string, count: number) =>
  waitUntil(`${tenant} to have ${count} open`, async () => (await open(tenant)) === count);

it('a tenant has at most half of the requests and bytes, and its room comes back when requests end', async () => {
  const own = [ask('alice'), ask('alice')];
  await openReaches('alice', 2);
  expect(await ask('alice').ended).toBe('online_full');

  // 5,000 bytes are more than half of the bound. They pass because bob has no other request.
  const large = ask('bob', 5000);
  await openReaches('bob', 1);
  expect(await ask('bob', 10).ended).toBe('online_full');

  own[0]!.leave();
  expect(await own[0]!.ended).toBe('left');
  await openReaches('alice', 1);
  // No worker answers, so the request ends at its deadline.
  expect(await ask('alice', 10, 30).ended).toBe('deadline_passed');

  for (const one of [own[1]!, large]) one.leave();
  await waitUntil('Redis to be empty', async () => (await redis.keys('forebay:{online}:*')).length === 0);
});
