// The metrics of the whole service while Redis cannot be read.
import { expect, it } from 'vitest';
import { measureService } from '#forebay/api/metrics/measure-api.js';
import { SERVICE_METRICS } from '#forebay/shared/observe/metrics/api-metrics.js';
import { createMetrics } from '#forebay/shared/observe/metrics/instruments.js';

it('values of the service are absent while Redis is away, not 0 and not the old ones', async () => {
  let isAway = false;
  const answer = async <T>(value: T): Promise<T> => {
    if (isAway) throw new Error('away');
    return value;
  };
  const metrics = createMetrics();
  measureService(metrics, {
    survey: async () => answer({ jobs: [], workers: [], queues: [] }),
    scales: async () => [],
    onlineUse: async () => answer({ requests: 3, bytes: 70 }),
    redisMemory: async () => answer({ usedBytes: 5, limitBytes: 9 }),
  });
  const own = async () =>
    (await metrics.scrape())
      .split('\n')
      .filter((line) => Object.keys(SERVICE_METRICS).some((name) => new RegExp(`^${name}[{ ]`).test(line)));
  const all = await own();
  expect(all).toEqual(
    expect.arrayContaining([
      'forebay_jobs_rows_per_second 0',
      'forebay_online_open_requests 3',
      'forebay_redis_memory_bytes 5',
    ]),
  );
  isAway = true;
  expect(await own()).toEqual([]);
  isAway = false;
  expect(await own()).toEqual(all);
});
