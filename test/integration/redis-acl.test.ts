// The ACL line of docs/security.md on a real Redis. It is enough for the whole service and allows nothing else.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectRedis } from '#forebay/shared/queue/connection.js';
import { createKeyStore } from '#forebay/shared/keys/key-store.js';
import { documentedRights } from '../support/documented-rights.ts';
import { startTestRedis } from '../support/redis.ts';
import { indexes, readOutput, startService, upTo, writeImages, type Service } from '../support/service.ts';

const quiet = () => undefined;
const PASSWORD = 'only-for-this-test';

let redis: Awaited<ReturnType<typeof startTestRedis>>;
let operator: ReturnType<typeof connectRedis>;
let service: Service;
let url: string;
beforeAll(async () => {
  redis = await startTestRedis();
  operator = connectRedis(redis.url, 'background', quiet);
  await operator.call('ACL', 'SETUSER', 'forebay', ...documentedRights(PASSWORD));
  url = redis.url.replace('unix://', `unix://forebay:${PASSWORD}@`);
  service = await startService({ env: { REDIS_URL: url } });
});
afterAll(async () => {
  await service?.close();
  operator.disconnect();
  await redis.stop();
});

it('the documented rights are enough for jobs from start to end, and for keys', async () => {
  await writeImages(join(service.input, 'few'), 40);
  await writeImages(join(service.input, 'paused'), 200);
  const { id } = await service.submit({
    input: { type: 'files', path: 'few' },
    output: 'few',
    options: { block_rows: 4 },
  });
  const paused = await service.submit({
    input: { type: 'files', path: 'paused' },
    options: { block_rows: 1 },
  });
  for (const verb of ['pause', 'resume', 'cancel'])
    await service.post(`/v1/jobs/${paused.id}/${verb}`, undefined);
  const plan = await service.post('/v1/plan', { model: 'tiny', input: { type: 'files', path: 'few' } });
  expect(plan.status).toBe(200);
  expect((await service.ended(id)).status).toBe('completed');
  await service.ended(paused.id);
  expect(indexes(readOutput(service.out('few')))).toEqual(upTo(40));
  expect((await service.request(`/v1/jobs/${id}/stats`)).status).toBe(200);
  expect(await (await service.request(`/v1/jobs/${id}/events`)).text()).toContain('completed');

  const forebay = connectRedis(url, 'request', quiet);
  try {
    const keys = createKeyStore({ redis: forebay });
    const { record } = await keys.create({ name: 'x', tenant: 'x', scopes: [], expiresAt: null });
    await keys.revoke(record.id);
  } finally {
    forebay.disconnect();
  }
  expect(await denied()).toEqual([]);
});

it('the documented rights allow no other key, no other channel and no administration', async () => {
  expect(await denied()).toEqual([]);
  const forebay = connectRedis(url, 'request', quiet);
  try {
    const refused: [string, ...string[]][] = [
      ['GET', 'somebody:else'],
      ['PUBLISH', 'somebody:else', 'x'],
      ['EVAL', "return redis.call('GET', 'somebody:else')", '0'],
      ['FLUSHALL'],
      ['FLUSHDB'],
      ['CONFIG', 'GET', '*'],
      ['CONFIG', 'SET', 'dir', '/tmp'],
      ['ACL', 'LIST'],
      ['KEYS', '*'],
      ['SHUTDOWN', 'NOSAVE'],
      ['REPLICAOF', 'NO', 'ONE'],
      ['MODULE', 'LIST'],
      ['CLIENT', 'LIST'],
      ['SAVE'],
      ['MONITOR'],
    ];
    for (const [command, ...args] of refused)
      await expect(forebay.call(command, ...args), command).rejects.toThrow(
        /NOPERM|No permissions|can't access/,
      );
  } finally {
    forebay.disconnect();
    await operator.call('ACL', 'LOG', 'RESET');
  }
});

/** The commands that Redis has refused so far, except for setting the client's name, which is not needed. */
async function denied(): Promise<string[]> {
  const log = (await operator.call('ACL', 'LOG')) as string[][];
  return log
    .map((entry) => `${entry[entry.indexOf('reason') + 1]} ${entry[entry.indexOf('object') + 1]}`)
    .filter((entry) => !/client\|/i.test(entry));
}
