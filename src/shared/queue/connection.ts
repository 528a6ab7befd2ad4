/** Redis clients and their options. */
import type { Socket } from 'node:net';
import type { Redis as RedisClient, RedisOptions } from 'ioredis';
import { Redis } from '../redis/ioredis.ts';
import { redisOptions } from '../redis/redis-url.ts';

export type RedisRole =
  /** Answers users: a command fails soon when Redis is away, so that the API can say so. */
  | 'request'
  /** Works in the background: commands wait until Redis is back. */
  | 'background';

export function connectRedis(url: string, role: RedisRole, onError: (error: Error) => void): RedisClient {
  const options: RedisOptions & { replyMapping: 'legacy' } = {
    ...redisOptions(url),
    replyMapping: 'legacy',
    maxRetriesPerRequest: role === 'request' ? 1 : null,
    retryStrategy: (times) => Math.min(1000, 50 * 2 ** Math.min(times, 5)),
  };
  const redis = new Redis(options);
  redis.on('error', onError);
  redis.on('connect', () => writeTogether(redis.stream as Socket));
  return redis;
}

/**
 * Commands of one turn of the event loop leave in one write: a system call costs more than the command. Order and
 * replies stay each command's own, unlike with pipelines, where one waits for the whole of the last.
 */
function writeTogether(socket: Socket): void {
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  let corked = false;
  socket.write = (...args: unknown[]): boolean => {
    if (!corked) {
      corked = true;
      socket.cork();
      setImmediate(() => {
        corked = false;
        socket.uncork();
      });
    }
    return write(...args);
  };
}

/** Whether a thrown error means that Redis could not be reached. */
export function isRedisAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.name === 'MaxRetriesPerRequestError') return true;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return (
    ['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND'].includes(code) ||
    /Connection is closed|LOADING|Stream isn't writeable/.test(error.message)
  );
}
