/**
 * Checks whether a Redis keeps its data. Refuses one that evicts keys, and warns of one that may lose data at a restart.
 * Reads INFO, because managed servers often forbid CONFIG.
 */
import type { Redis } from 'ioredis';
import { ForebayError } from '../errors.ts';
import { IN_CLUSTER } from '../queue/key-prefix.ts';
import { clusterRefused } from './redis-trouble.ts';

/** The oldest release that BullMQ supports without a warning. */
const OLDEST = [6, 2] as const;

export interface RedisReport {
  readonly version: string;
  /** Sentences for the log. Each names what to change. */
  readonly warnings: readonly string[];
}

/**
 * @throws ForebayError `redis_evicts`: an evicted key is a lost block or a lost lock.
 * @throws ForebayError `redis_cluster`: the keys of this process would be on several servers.
 */
export async function checkRedis(client: Pick<Redis, 'info'>): Promise<RedisReport> {
  const info = fieldsOf(await client.info());
  const version = info.get('redis_version') ?? 'unknown';
  if (info.get('cluster_enabled') === '1' && !IN_CLUSTER) throw clusterRefused();
  const policy = info.get('maxmemory_policy') ?? 'noeviction';
  const limit = Number(info.get('maxmemory') ?? 0);
  if (limit > 0 && policy !== 'noeviction') {
    throw new ForebayError(
      'redis_evicts',
      `This Redis deletes keys when it is full (maxmemory-policy ${policy} at ${info.get('maxmemory_human') ?? limit}), ` +
        'so jobs would be lost. Run `redis-cli config set maxmemory-policy noeviction`, and set the same in redis.conf.',
    );
  }

  const warnings: string[] = [];
  if (isOlder(version)) {
    warnings.push(
      `Redis ${version} is older than ${OLDEST.join('.')}, the oldest version that BullMQ recommends. Update it.`,
    );
  }
  if (info.get('aof_enabled') !== '1') {
    warnings.push(
      'Redis keeps no append-only file, so a restart may lose jobs. ' +
        'Run `redis-cli config set appendonly yes`, and set the same in redis.conf.',
    );
  }
  return { version, warnings };
}

function isOlder(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
}

/** INFO's `name:value` lines. */
export function fieldsOf(info: string): Map<string, string> {
  const fields = info.split('\r\n').flatMap((line): [string, string][] => {
    const colon = line.indexOf(':');
    return colon > 0 ? [[line.slice(0, colon), line.slice(colon + 1)]] : [];
  });
  return new Map(fields);
}
