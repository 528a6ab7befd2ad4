// A real Redis Cluster and real Sentinels. The primary dies, or freezes, in the middle of a job.
import { afterEach, expect, it } from 'vitest';
import { startRedisCluster, startRedisWithSentinels } from '../../support/redis-group.ts';
import { indexes, readOutput, upTo } from '../../support/service.ts';
import { PAIR_ROWS, startServicePair, type PairJob } from '../../support/service-pair.ts';

/** Functions that undo what a test has started. They run in reverse order. */
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const undo of cleanups.splice(0).toReversed()) await undo();
});

async function pairOn(redis: { url: string; stop: () => Promise<void> }) {
  cleanups.push(() => redis.stop());
  const pair = await startServicePair(redis.url);
  cleanups.push(() => pair.stop());
  const { id } = (await (await pair.submit()).json()) as PairJob;
  await pair.begun(id);
  return { pair, id };
}

async function expectEveryRowOnce(pair: Awaited<ReturnType<typeof startServicePair>>, id: string) {
  const { output } = await pair.completed(id);
  expect(indexes(readOutput(output))).toEqual(upTo(PAIR_ROWS));
}

it('a job in a Redis cluster uses one node, and survives its death', async () => {
  const cluster = await startRedisCluster();
  const { pair, id } = await pairOn(cluster);
  expect(await cluster.nodesWithKeys()).toBe(1);
  (await cluster.primary()).signal('SIGKILL');
  await expectEveryRowOnce(pair, id);
});

it('a job with Sentinels survives a primary that freezes, and one that wakes as a replica', async () => {
  const redis = await startRedisWithSentinels();
  const { pair, id } = await pairOn(redis);
  redis.primary.signal('SIGSTOP');
  cleanups.push(() => redis.primary.signal('SIGCONT'));
  await expectEveryRowOnce(pair, id);
  expect(await redis.replica.operator.info('replication')).toContain('role:master');
  redis.primary.signal('SIGCONT');
  const next = (await (await pair.submit()).json()) as PairJob;
  await expectEveryRowOnce(pair, next.id);
});
