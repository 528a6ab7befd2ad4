// A process that owns an embedded Redis, for a test to kill. Arguments: data folder or '-', and cache folder. It prints
// the address and pid of its Redis as one JSON line. On SIGINT it pings Redis, stops Redis and exits.
import { Redis } from 'ioredis';
import { startEmbeddedRedis } from '#forebay/cli/redis/embedded-redis.js';
import { redisOptions } from '#forebay/shared/redis/redis-url.js';

const [dataDir, cacheDir] = process.argv.slice(2);
const redis = await startEmbeddedRedis({
  dataDir: dataDir === '-' ? null : dataDir,
  cacheDir,
  env: process.env,
  log: { info: () => undefined },
});
process.on('SIGINT', () => void drain());

async function drain() {
  const client = new Redis(redisOptions(redis.url));
  process.stdout.write(`${await client.ping()}\n`);
  client.disconnect();
  await redis.stop();
  process.exit(0);
}

process.stdin.resume();
process.stdout.write(`${JSON.stringify({ url: redis.url, socketPath: redis.socketPath, pid: redis.pid })}\n`);
