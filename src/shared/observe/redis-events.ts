/** Events of the connection to Redis. */
import { event } from './event-kind.ts';

/** The message for an operator. If something is wrong, it names the fix. */
export interface RedisNews {
  readonly says: string;
}

const says = ({ says: text }: RedisNews) => text;
const nothing = () => ({});

export const REDIS_EVENTS = {
  /** Redis was never reached, and this process waits for it. `fields` are those of the log line. */
  'redis.awaited': event<RedisNews & { readonly fields: object }>('warn', says, ({ fields }) => fields),
  /** Redis answers after the process waited for it. */
  'redis.reached': event<RedisNews>('info', says, nothing),
  /** Something about this Redis is a risk, such as a missing append-only file. */
  'redis.risky': event<RedisNews>('warn', says, nothing),
  'redis.lost': event<RedisNews>('warn', says, nothing),
  /** Redis answers, but refuses writes. */
  'redis.refusing': event<RedisNews>('warn', says, nothing),
  /**
   * Redis is back, or accepts writes again. The log level is the same as for the loss, so that every log that shows the
   * loss also shows its end.
   */
  'redis.back': event<RedisNews>('warn', says, nothing),
  'redis.connection_failed': event<{ readonly error: string }>('warn', 'Redis connection failed'),
};
