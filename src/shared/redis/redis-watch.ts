/**
 * Watches the Redis of a process, and reports each change of its state once. Waits for its first answer without a limit,
 * because Redis may start later. Throws on problems that waiting cannot fix: a wrong password, an evicting policy, cluster
 * mode.
 */
import type { Redis } from 'ioredis';
import { ForebayError, messageOf } from '../errors.ts';
import type { Emit } from '../observe/events.ts';
import { checkRedis } from './check-redis.ts';
import { checkWrite, WRITE_CHECK } from './check-write.ts';
import { redactRedisUrl } from './redis-url.ts';
import { clusterRefused, redisAdvice, redisProblem, redisTrouble, refusesWrites } from './redis-trouble.ts';
import { tlsAdvice } from './tls-advice.ts';

/** Redis' replies to a failed login. */
const LOGIN_FAILED = /^(NOAUTH|WRONGPASS|NOPERM|ERR invalid password|ERR AUTH)/;

type State =
  /** Redis has never answered. `waitingFor`: the reason, once an attempt has failed. */
  | { readonly name: 'starting'; readonly waitingFor: string | null; readonly advice: string | null }
  | { readonly name: 'up' }
  | {
      readonly name: 'lost' | 'refusing';
      readonly waitingFor: string;
      readonly sinceMs: number;
      /** The advice in the log so far. */
      readonly advised: ReadonlySet<string>;
    };

export interface RedisWatch {
  /** Every connection of this process passes its errors to this function (connectRedis). */
  readonly onError: (error: Error) => void;
  /** Why Redis cannot be used now. Null: no problem is known. */
  waitingFor(): string | null;
  /**
   * Settles once `client`, a background connection, has answered and may write. Watches it from then on.
   * @throws ForebayError `redis_evicts`, `redis_cluster`, or `config_invalid` if the login fails.
   */
  from(client: Redis): Promise<void>;
  /** Throws a ForebayError if Redis does not accept writes now. Call `from` before. */
  checkWrite(): Promise<void>;
}

/** `meanwhile`: fields of the log lines that report that Redis has not answered yet. */
export function createRedisWatch(options: {
  readonly redisUrl: string;
  readonly emit: Emit;
  readonly meanwhile?: object;
}): RedisWatch {
  const { emit } = options;
  const where = `Redis at ${redactRedisUrl(options.redisUrl)}`;
  // A wrong scheme causes no clear error. A server without TLS waits silently, and one with TLS closes the connection.
  const tls = where.includes('rediss:')
    ? 'redis:// if its port does not use TLS'
    : 'rediss:// if it requires TLS';
  const startAdvice = `start it, or correct REDIS_URL (${tls})`;
  let state: State = { name: 'starting', waitingFor: null, advice: null };
  let client: Redis | null = null;
  let lastError: Error | null = null;
  /** Settles `from`. A connection to a group is never ready after a refused login, so nothing else would. */
  const login = new AbortController();

  /** Reports only when the advice changes. Otherwise each attempt would repeat it, about once per second. */
  function notYet(waitingFor: string, advice: string): void {
    if (state.name !== 'starting' || advice === state.advice) return;
    state = { name: 'starting', waitingFor, advice };
    emit('redis.awaited', {
      says: `${waitingFor} Retrying until it answers. Advice: ${advice}.`,
      fields: options.meanwhile ?? {},
    });
  }

  /** Reports a further reason only if its advice is new. For example, Redis may return with another password. */
  function failed(name: 'lost' | 'refusing', waitingFor: string, advice: string): void {
    if (state.name !== 'up' && state.name !== name) return;
    const { sinceMs, advised } =
      state.name === 'up' ? { sinceMs: performance.now(), advised: new Set<string>() } : state;
    state = { name, waitingFor, sinceMs, advised: new Set([...advised, advice]) };
    if (advised.has(advice)) return;
    emit(`redis.${name}`, { says: `${waitingFor} Retrying until it is back. Advice: ${advice}.` });
  }

  function back(from: 'lost' | 'refusing'): void {
    if (state.name !== from) return;
    const seconds = ((performance.now() - state.sinceMs) / 1000).toFixed(1);
    state = { name: 'up' };
    const what = from === 'lost' ? 'is back' : 'accepts writes again';
    emit('redis.back', { says: `${where} ${what} after ${seconds} s.` });
  }

  function refused(error: Error): void {
    const waitingFor = `${where} cannot be used: ${redisProblem(error)!.message}`;
    const advice = redisAdvice(redisTrouble(error)!);
    if (state.name === 'starting') notYet(waitingFor, advice);
    if (client === null) return;
    const wasUp = state.name === 'up';
    failed('refusing', waitingFor, advice);
    if (!wasUp) return;
    // A background connection resends this until Redis accepts writes.
    client.set(...WRITE_CHECK).then(
      () => back('refusing'),
      () => back('refusing'),
    );
  }

  function follow(watched: Redis): void {
    client = watched;
    watched.on('error', (error: Error) => (lastError = error));
    let closed = false;
    // ioredis does not emit this if this process closes the connection. The close itself gives no reason, but the next
    // attempt's error does.
    watched.on('reconnecting', () => {
      if (lastError === null && !closed) {
        closed = true;
        return;
      }
      const why = lastError === null ? 'the connection is closed' : messageOf(lastError);
      failed('lost', `${where} is lost (${why}).`, adviceFor(lastError));
    });
    watched.on('ready', () => {
      lastError = null;
      closed = false;
      back('lost');
    });
  }

  return {
    onError(error) {
      if (refusesWrites(error)) refused(error);
      else if (state.name === 'starting') {
        if (LOGIN_FAILED.test(error.message)) return login.abort(error);
        const why = messageOf(error) || 'no connection';
        notYet(`${where} cannot be reached (${why}).`, tlsAdvice(error) ?? startAdvice);
      } else if (redisTrouble(error) === null) {
        emit('redis.connection_failed', { error: messageOf(error) });
      }
    },
    waitingFor: () => (state.name === 'up' ? null : state.waitingFor),
    async from(watched) {
      // A proxy without a server behind it accepts connections and closes them without an error.
      const onClose = () => {
        if (state.name !== 'starting' || state.waitingFor !== null) return;
        notYet(`${where} cannot be reached (the connection is closed before it answers).`, startAdvice);
      };
      watched.on('close', onClose);
      try {
        const { warnings } = await Promise.race([checkRedis(watched), rejectedBy(login.signal)]);
        await watched.set(...WRITE_CHECK);
        for (const warning of warnings) emit('redis.risky', { says: warning });
        if (state.name === 'starting' && state.waitingFor !== null) {
          emit('redis.reached', { says: `${where} answers.` });
        }
        state = { name: 'up' };
        follow(watched);
      } catch (error) {
        throw refusal(error, where);
      } finally {
        watched.off('close', onClose);
      }
    },
    async checkWrite() {
      if (client === null) return;
      const throwUnlessUp = () => {
        if (state.name === 'up') return;
        throw new ForebayError('queue_unavailable', state.waitingFor ?? `${where} has not answered yet.`);
      };
      throwUnlessUp();
      // While Redis refuses writes, this connection waits, so the check times out. By then the state has the reason.
      await checkWrite(client).catch((error: unknown) => {
        throwUnlessUp();
        throw error;
      });
    },
  };
}

async function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    else signal.addEventListener('abort', () => reject(signal.reason as Error));
  });
}

function adviceFor(error: Error | null): string {
  if (error !== null && LOGIN_FAILED.test(error.message)) return 'correct the user and password in REDIS_URL';
  return (error && tlsAdvice(error)) ?? redisAdvice('away');
}

/** The error for a Redis that answers but cannot be used. */
function refusal(error: unknown, where: string): unknown {
  if (redisTrouble(error) === 'cluster') return clusterRefused(error);
  if (!LOGIN_FAILED.test(messageOf(error))) return error;
  const message = `${where} refuses the login. Correct the user and password in REDIS_URL. Redis says: ${messageOf(error)}`;
  return new ForebayError('config_invalid', message, { cause: error });
}
