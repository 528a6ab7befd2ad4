/**
 * The wait for the first answer of Redis, which may be started later than its clients: told once, in one line, and
 * without end. What waiting cannot mend (a wrong password, a policy that evicts) is refused.
 */
import type { Redis } from 'ioredis';
import { ForebayError, messageOf } from '../errors.ts';
import type { Logger } from '../observe/logger.ts';
import { checkRedis } from './check-redis.ts';
import { redactRedisUrl } from './redis-url.ts';
import { tlsAdvice } from './tls-advice.ts';

/** Redis' answers to who is not let in. */
const NOT_LET_IN = /^(NOAUTH|WRONGPASS|NOPERM|ERR invalid password|ERR AUTH)/;

export interface FirstAnswer {
  /** For connectRedis, of every connection of this process. */
  readonly onError: (error: Error) => void;
  /** Why there is no answer yet; null: there is, or nothing has failed. */
  waitingFor(): string | null;
  /**
   * Settles once `client`, a background connection, has answered.
   * @throws ForebayError `redis_evicts`, or `config_invalid` where Redis does not let us in.
   */
  from(client: Redis): Promise<void>;
}

/** `meanwhile`: fields for the line that tells of the wait. */
export function createFirstAnswer(options: {
  readonly redisUrl: string;
  readonly log: Logger;
  readonly meanwhile?: object;
}): FirstAnswer {
  const { log } = options;
  const where = redactRedisUrl(options.redisUrl);
  // A server without TLS waits in silence for the end of what is a TLS greeting to us; one with it ends the connection.
  const tls = where.startsWith('rediss:')
    ? 'redis:// where its port speaks no TLS'
    : 'rediss:// where it asks for TLS';
  const usualAdvice = `start it, or correct REDIS_URL (${tls})`;
  let answered = false;
  let waitingFor: string | null = null;
  let advised: string | null = null;

  /** Once for each way out: the next tries would say the same again, every second. */
  function say(why: string, advice: string): void {
    if (answered || advice === advised) return;
    advised = advice;
    waitingFor = `Redis at ${where} is not reached (${why}).`;
    log.warn(options.meanwhile ?? {}, `${waitingFor} Trying again until it answers: ${advice}.`);
  }

  return {
    onError(error) {
      if (answered) log.warn({ error: messageOf(error) }, 'Redis connection');
      else if (!NOT_LET_IN.test(error.message)) {
        say(messageOf(error) || 'no connection', tlsAdvice(error) ?? usualAdvice);
      }
    },
    waitingFor: () => waitingFor,
    async from(client) {
      // A proxy with nothing behind it takes connections and ends them: no error tells of that.
      const onClose = () => {
        if (waitingFor === null) say('the connection is closed before it answers', usualAdvice);
      };
      client.on('close', onClose);
      try {
        const { warnings } = await checkRedis(client);
        for (const warning of warnings) log.warn({}, warning);
        if (waitingFor !== null) log.info({}, `Redis at ${where} answers.`);
        answered = true;
        waitingFor = null;
      } catch (error) {
        if (!NOT_LET_IN.test(messageOf(error))) throw error;
        const message = `Redis at ${where} does not let us in: correct user and password in REDIS_URL (it says: ${messageOf(error)}).`;
        throw new ForebayError('config_invalid', message, { cause: error });
      } finally {
        client.off('close', onClose);
      }
    },
  };
}
