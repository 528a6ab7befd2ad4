// Redis refuses writes for a while: as a replica, out of memory, or unable to save. API and worker log the reason once,
// and continue.
import { mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../support/free-port.ts';
import { startRedisServer, type RedisServer } from '../../support/redis-server.ts';
import { indexes, readOutput, upTo } from '../../support/service.ts';
import {
  PAIR_ROWS,
  startServicePair,
  warningsIn,
  type PairJob,
  type ServicePair,
} from '../../support/service-pair.ts';
import { waitUntil } from '../../support/wait-until.ts';

let redis: RedisServer;
let service: ServicePair;
beforeAll(async () => {
  redis = await startRedisServer();
  service = await startServicePair(redis.url);
});
afterAll(async () => {
  await service.stop();
  await redis.stop();
});

const KINDS = [
  {
    kind: 'a replica, as after a failover',
    code: 'redis_read_only',
    says: 'read-only replica',
    begin: async () => redis.operator.replicaof('127.0.0.1', await freePort()),
    end: () => redis.operator.replicaof('NO', 'ONE'),
  },
  {
    kind: 'full',
    code: 'redis_full',
    says: 'it is full',
    begin: () => redis.operator.config('SET', 'maxmemory', '100kb'),
    end: () => redis.operator.config('SET', 'maxmemory', '0'),
  },
  {
    kind: 'unable to save',
    code: 'redis_not_saving',
    says: 'cannot save its data',
    begin: async () => {
      await redis.operator.config('SET', 'save', '3600 1');
      // Redis cannot write dump.rdb, because a folder has that name.
      mkdirSync(join(redis.folder, 'dump.rdb'));
      await redis.operator.bgsave();
    },
    end: async () => {
      await redis.operator.config('SET', 'save', '');
      rmdirSync(join(redis.folder, 'dump.rdb'));
    },
  },
] as const;

describe('while Redis is', () => {
  it.each(KINDS)(
    '$kind, requests get a 503 with a specific code, each process logs the reason once, and no row is lost',
    async ({ code, says, begin, end }) => {
      const { api, worker, url, health, isOk, job, submit } = service;
      const logged = [api, worker].map((process) => process.said().length);
      const { id } = (await (await submit()).json()) as PairJob;
      await service.begun(id);

      await begin();
      const refused = await waitUntil('a refusal', async () => {
        const response = await submit();
        return response.status !== 202 && response;
      });
      expect(refused.status).toBe(503);
      expect(refused.headers.get('content-type')).toBe('application/problem+json');
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      const problem = (await refused.json()) as { code: string; detail: string };
      expect(problem).toMatchObject({ code, detail: expect.stringContaining(says) as string });

      const probe = await fetch(`${url}/readyz`);
      expect([probe.status, ((await probe.json()) as { code: string }).code]).toEqual([503, code]);
      expect(await isOk(`${url}/healthz`)).toBe(true);
      const waits = await waitUntil('the worker not to be ready', async () => {
        const response = await fetch(`${health}/readyz`);
        return response.status === 503 && ((await response.json()) as { status: string; reason: string });
      });
      expect(waits).toMatchObject({ status: 'waiting', reason: expect.stringContaining(says) as string });
      expect(await isOk(`${health}/healthz`)).toBe(true);
      // Reads continue, except for transactions, which a full Redis always refuses.
      if (code !== 'redis_full') expect((await job(id)).blocks.done).toBeLessThan(PAIR_ROWS / 10);

      await end();
      const ended = await service.completed(id);
      expect(ended.rows).toMatchObject({ total: PAIR_ROWS, succeeded: PAIR_ROWS, failed: 0 });
      expect(indexes(readOutput(ended.output))).toEqual(upTo(PAIR_ROWS));
      await service.ready();
      for (const [i, process] of [api, worker].entries()) {
        const said = process.said().slice(logged[i]);
        const lines = warningsIn(said);
        expect(lines.filter((line) => line.includes(says)).length, said).toBe(1);
        expect(lines.filter((line) => line.includes('accepts writes again after')).length, said).toBe(1);
        expect(lines.length, lines.join('\n')).toBe(2);
      }
      expect(api.said() + worker.said() + JSON.stringify(problem)).not.toMatch(
        /maxRetriesPerRequest|enableOfflineQueue|retryStrategy/,
      );
    },
    120_000,
  );
});
