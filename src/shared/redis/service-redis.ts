/**
 * The Redis client of a service: ioredis with Forebay's error handling. Background commands wait while Redis refuses
 * writes or is unavailable. A client that is connected to a replica reconnects, to find the new primary.
 */
import type { Command as RedisCommand, RedisOptions } from 'ioredis';
import { setTimeout as delay } from 'node:timers/promises';
import { freeBuffer, LARGE_BUFFER_BYTES } from '../process/free-buffer.ts';
import { WRITE_CHECK } from './check-write.ts';
import { Command, Redis } from './ioredis.ts';
import { redisProblem, redisTrouble, refusesWrites, type RedisTrouble } from './redis-trouble.ts';

export type RedisRole =
  /** For requests of users. A command fails soon if Redis is unavailable or refuses it, so that the API can report it. */
  | 'request'
  /** For background work. Commands wait until Redis is back and accepts writes. */
  | 'background';

type Stream = Parameters<Redis['sendCommand']>[1];

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1000;
/** Minimum time between two reconnects because of a replica. Without it, each refused command would cause one. */
const RECONNECT_MS = 500;
/** The primary may be another server, which a new connection finds. */
const ELSEWHERE: readonly (RedisTrouble | null)[] = ['read_only', 'moved'];

export class ServiceRedis extends Redis {
  readonly #role: RedisRole;
  readonly #onError: (error: Error) => void;
  readonly #known = new WeakSet<RedisCommand>();
  #lastError: Error | null = null;
  /** Settles when Redis accepts writes again. Null unless Redis is known to refuse writes. */
  #writable: Promise<void> | null = null;

  /** `onError` gets broken connections and refused writes, once per command and attempt. */
  constructor(options: RedisOptions, role: RedisRole, onError: (error: Error) => void) {
    super(clientOptions(options, role));
    this.#role = role;
    this.#onError = onError;
    this.on('error', (error: Error) => {
      this.#lastError = error;
      onError(error);
    });
    if (options.socketTimeout !== undefined) this.#keepAsking(options.socketTimeout / 2);
    const multi = this.multi.bind(this) as (...args: unknown[]) => ReturnType<Redis['multi']>;
    this.multi = ((...args: unknown[]) => this.#holdBack(multi(...args))) as Redis['multi'];
  }

  override sendCommand(command: RedisCommand, stream?: Stream): unknown {
    // ioredis resends a command after a reconnect. It is wrapped only the first time.
    if (!this.#known.has(command)) {
      this.#known.add(command);
      if (command.args.some(isLarge)) freeWhenSent(command);
      const { reject } = command;
      command.reject = (error) => {
        if (this.#waitsFor(error, stream)) {
          void this.#untilWritable().then(() => super.sendCommand(command));
        } else {
          reject.call(command, this.#inWords(error));
        }
      };
    }
    return super.sendCommand(command, stream);
  }

  /** Whether the command is resent when Redis accepts writes. Parts of a transaction or pipeline never are. */
  #waitsFor(error: Error, stream: Stream): boolean {
    if (!refusesWrites(error)) return false;
    this.#onError(redisProblem(error)!);
    if (this.#role === 'request') return false;
    void this.#untilWritable();
    return stream === undefined;
  }

  /** A subscriber sends nothing, so it would never notice that its server is silent. */
  #keepAsking(everyMs: number): void {
    let timer: NodeJS.Timeout | undefined;
    this.on('ready', () => {
      clearInterval(timer);
      timer = setInterval(() => void this.ping().catch(() => undefined), everyMs);
      timer.unref();
    });
    this.on('close', () => clearInterval(timer));
  }

  #untilWritable(): Promise<void> {
    this.#writable ??= this.#probe().finally(() => (this.#writable = null));
    return this.#writable;
  }

  async #probe(): Promise<void> {
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      await delay(pause);
      const check = new Command('set', WRITE_CHECK);
      // Keeps the command from being wrapped, so that this loop sees a refusal.
      this.#known.add(check);
      super.sendCommand(check);
      const error: unknown = await check.promise.then(
        () => null,
        (reason: unknown) => reason,
      );
      if (!refusesWrites(error)) return;
    }
  }

  /** Holds a transaction back while Redis is known to refuse writes. */
  #holdBack(batch: ReturnType<Redis['multi']>): ReturnType<Redis['multi']> {
    const exec = batch.exec?.bind(batch);
    // MULTI without a pipeline returns a promise instead.
    if (exec === undefined) return batch;
    batch.exec = (async (...args: []) => {
      while (this.#writable !== null) await this.#writable;
      return exec(...args);
    }) as typeof batch.exec;
    return batch;
  }

  /** Replaces the library's error about retries. Removes the command from others, because it may hold a password. */
  #inWords(error: Error): Error {
    if (error.name === 'MaxRetriesPerRequestError') return redisProblem(error, this.#lastError ?? undefined)!;
    Reflect.deleteProperty(error, 'command');
    return error;
  }
}

function clientOptions(options: RedisOptions, role: RedisRole): RedisOptions & { replyMapping: 'legacy' } {
  return {
    ...options,
    replyMapping: 'legacy',
    maxRetriesPerRequest: role === 'request' ? 1 : null,
    retryStrategy: (times) => Math.min(LONGEST_PAUSE_MS, 50 * 2 ** Math.min(times, 5)),
    // After a failover the address may belong to another server, and a replica does not close its connections.
    reconnectOnError: atMostEvery(RECONNECT_MS, (error) => ELSEWHERE.includes(redisTrouble(error))),
  };
}

function atMostEvery(ms: number, holds: (error: Error) => boolean): (error: Error) => boolean {
  let last = -Infinity;
  return (error) => {
    if (!holds(error) || performance.now() - last < ms) return false;
    last = performance.now();
    return true;
  };
}

function isLarge(argument: unknown): boolean {
  return Buffer.isBuffer(argument) && argument.length >= LARGE_BUFFER_BYTES;
}

/**
 * Frees the buffer into which ioredis copies the arguments of a command, if one of them is a buffer. If the command
 * fails, the copy stays, because the socket may still be writing it.
 */
function freeWhenSent(command: RedisCommand): void {
  const toWritable = command.toWritable.bind(command);
  command.toWritable = (socket) => {
    const written = toWritable(socket);
    if (Buffer.isBuffer(written)) {
      void command.promise.then(
        () => freeBuffer(written),
        () => {},
      );
    }
    return written;
  };
}
