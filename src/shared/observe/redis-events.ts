/** Events of the connection to Redis. */
import { event } from './event-kind.ts';

export const REDIS_EVENTS = {
  'redis.connection_failed': event<{ readonly error: string }>('warn', 'Redis connection'),
};
