/**
 * Checks the Redis that the service would use here, and whether it accepts writes. Also checks whether `forebay run` can
 * start its own, which it does whatever REDIS_URL is.
 */
import { messageOf } from '../../shared/errors.ts';
import { connectRedis } from '../../shared/queue/connection.ts';
import { checkRedis } from '../../shared/redis/check-redis.ts';
import { checkWrite } from '../../shared/redis/check-write.ts';
import { installedRedis, onPath } from '../redis/redis-program.ts';
import { withTlsAdvice } from '../../shared/redis/tls-advice.ts';
import { redactRedisUrl } from '../../shared/redis/redis-url.ts';
import { cachedRedis } from '../redis/unpack-redis.ts';
import type { Finding } from './finding.ts';

const TIMEOUT_MS = 5000;
const RUN_NEEDS_ONE =
  '`forebay run` and `forebay plan` do not use REDIS_URL: for them, install valkey or redis-server.';

export async function checkRedisHere(
  redisUrl: string | undefined,
  env: NodeJS.ProcessEnv,
  cacheDir: string,
): Promise<Finding> {
  const present = installedRedis(env) ?? cachedRedis(cacheDir);
  const unpacks = onPath('apt-get', env) !== null && onPath('dpkg-deb', env) !== null;
  if (redisUrl !== undefined) {
    const finding = await checkGiven(redisUrl);
    return present === null && !unpacks && finding.level !== 'fail'
      ? withNote(finding, RUN_NEEDS_ONE)
      : finding;
  }
  if (present !== null) return { level: 'ok', what: 'Redis', found: `a private one: ${present.path}` };
  if (unpacks) {
    return {
      level: 'note',
      what: 'Redis',
      found: 'none yet',
      advice: `The first start downloads the package of this system into ${cacheDir}. It needs no root.`,
    };
  }
  return {
    level: 'fail',
    what: 'Redis',
    found: 'none',
    advice: 'Install valkey or redis-server. For a service, it is enough to set REDIS_URL.',
  };
}

function withNote(finding: Finding, note: string): Finding {
  return { ...finding, level: 'note', advice: [finding.advice, note].filter(Boolean).join(' ') };
}

async function checkGiven(redisUrl: string): Promise<Finding> {
  const found = redactRedisUrl(redisUrl);
  try {
    const { version, warnings } = await withClient(redisUrl, async (client) => {
      const report = await checkRedis(client);
      await checkWrite(client);
      return report;
    });
    const finding = { what: 'Redis', found: `${found} (REDIS_URL), version ${version}` };
    return warnings.length === 0
      ? { ...finding, level: 'ok' }
      : { ...finding, level: 'note', advice: warnings.join(' ') };
  } catch (error) {
    return { level: 'fail', what: 'Redis', found: `${found} (REDIS_URL)`, advice: messageOf(error) };
  }
}

async function withClient<T>(
  redisUrl: string,
  use: (client: ReturnType<typeof connectRedis>) => Promise<T>,
): Promise<T> {
  let lastError: Error | null = null;
  const client = connectRedis(redisUrl, 'request', (error) => (lastError = error));
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)), TIMEOUT_MS);
    });
    return await Promise.race([use(client), late]);
  } catch (error) {
    throw new Error(withTlsAdvice(lastError ?? error), { cause: error });
  } finally {
    clearTimeout(timer);
    client.disconnect();
  }
}
