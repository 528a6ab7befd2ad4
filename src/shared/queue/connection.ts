/** Connections to Redis, and how they write. */
import type { Socket } from 'node:net';
import { redisOptions } from '../redis/redis-url.ts';
import { ServiceRedis, type RedisRole } from '../redis/service-redis.ts';

/** `onError`: as ServiceRedis tells it. */
export function connectRedis(url: string, role: RedisRole, onError: (error: Error) => void): ServiceRedis {
  const redis = new ServiceRedis(redisOptions(url), role, onError);
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
