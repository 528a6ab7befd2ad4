// The embedded Redis, really started, used, killed and stopped.
import { once } from 'node:events';
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkRedis } from '#forebay/shared/redis/check-redis.js';
import { startEmbeddedRedis, type EmbeddedRedis } from '#forebay/cli/redis/embedded-redis.js';
import { redisOptions } from '#forebay/shared/redis/redis-url.js';
import { provideRedis } from '#forebay/cli/redis/provide-redis.js';
import { redisCacheDir, silentLog, startTestRedis } from '../../support/redis.ts';

const HOLDER = fileURLToPath(new URL('../../support/redis-holder.js', import.meta.url));

let scratch: string;
let started: { stop(): Promise<void> }[];
let holders: Held[];

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'redis-test-'));
  started = [];
  holders = [];
});

afterEach(async () => {
  for (const { holder, redis } of holders) {
    holder.kill('SIGKILL');
    await gone(redis);
  }
  for (const redis of started) await redis.stop();
  rmSync(scratch, { recursive: true, force: true });
});

async function start(dataDir: string | null = null): Promise<EmbeddedRedis> {
  const redis = await startEmbeddedRedis({
    dataDir,
    cacheDir: redisCacheDir,
    env: process.env,
    log: silentLog,
    takesUrl: true,
  });
  started.push(redis);
  return redis;
}

async function ask<T>(url: string, question: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis({ ...redisOptions(url), replyMapping: 'legacy' });
  // Ignored here, because `question` fails with the same error.
  client.on('error', () => undefined);
  try {
    return await question(client);
  } finally {
    client.disconnect();
  }
}

interface Held {
  readonly holder: ChildProcess;
  /** The holder's output after its first line. */
  readonly lines: AsyncIterator<string>;
  readonly redis: Pick<EmbeddedRedis, 'url' | 'socketPath' | 'pid'>;
}

/** Starts another process that owns a Redis. */
async function hold(dataDir: string | null, env: NodeJS.ProcessEnv = process.env): Promise<Held> {
  const holder = spawn(process.execPath, [HOLDER, dataDir ?? '-', redisCacheDir], {
    env,
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface(holder.stdout)[Symbol.asyncIterator]();
  const first = await lines.next();
  const held: Held = { holder, lines, redis: JSON.parse(String(first.value)) as Held['redis'] };
  holders.push(held);
  return held;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function gone(redis: Pick<EmbeddedRedis, 'pid' | 'socketPath'>): Promise<void> {
  await vi.waitFor(
    () => {
      expect(isRunning(redis.pid)).toBe(false);
      expect(existsSync(dirname(redis.socketPath))).toBe(false);
    },
    { timeout: 10_000, interval: 20 },
  );
}

describe('a one-shot Redis', () => {
  it('answers on a private socket, keeps every key, and leaves nothing behind when stopped', async () => {
    const redis = await startTestRedis();
    started.push(redis);
    expect(await ask(redis.url, (client) => client.ping())).toBe('PONG');
    const info = await ask(redis.url, (client) => client.info());
    expect(info).toMatch(/^tcp_port:0\r$/m);
    expect(info).toMatch(/^aof_enabled:1\r$/m);
    expect(info).toMatch(/^maxmemory_policy:noeviction\r$/m);

    await redis.stop();
    expect(isRunning(redis.pid)).toBe(false);
    expect(existsSync(dirname(redis.socketPath))).toBe(false);
    expect(await redis.exited).toBe(0);
  });

  it('is gone with its data when the process that started it is killed', async () => {
    const { holder, redis } = await hold(null);
    expect(await ask(redis.url, (client) => client.set('a', '1'))).toBe('OK');
    holder.kill('SIGKILL');
    await gone(redis);
  });

  it('survives Ctrl-C in the terminal until the application has finished with it', async () => {
    const { holder, lines, redis } = await hold(null);
    const ended = once(holder, 'exit');
    // The signal goes to the whole foreground group, as from a terminal.
    process.kill(-holder.pid!, 'SIGINT');
    expect((await lines.next()).value).toBe('PONG');
    expect(await ended).toEqual([0, null]);
    await gone(redis);
  });

  it('reports that it was killed, and is cleaned up nevertheless', async () => {
    const redis = await start();
    process.kill(redis.pid, 'SIGKILL');
    expect(await redis.exited).toBe(137);
    await gone(redis);
  });

  it('ends when its shepherd process is killed', async () => {
    const redis = await start(scratch);
    const lock = JSON.parse(readFileSync(join(scratch, 'redis', 'lock'), 'utf8')) as {
      shepherd: { pid: number };
    };
    process.kill(lock.shepherd.pid, 'SIGKILL');
    expect(await redis.exited).toBeNull();
    await gone(redis);
  });

  it('uses a short path for its socket if the path of the temporary folder is long', async () => {
    const long = join(scratch, 'x'.repeat(90));
    mkdirSync(long);
    const { redis } = await hold(null, { ...process.env, TMPDIR: long });
    expect(Buffer.byteLength(redis.socketPath)).toBeLessThanOrEqual(103);
    expect(await ask(redis.url, (client) => client.ping())).toBe('PONG');
  });
});

describe('a Redis with a data folder', () => {
  it('keeps its data across a restart', async () => {
    const first = await start(scratch);
    await ask(first.url, (client) => client.set('kept', 'yes'));
    await first.stop();
    const second = await start(scratch);
    expect(await ask(second.url, (client) => client.get('kept'))).toBe('yes');
  });

  it('keeps its data when its owner is killed, and can be restarted immediately', async () => {
    const { holder, redis } = await hold(scratch);
    await ask(redis.url, (client) => client.set('kept', 'yes'));
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    const next = await start(scratch);
    expect(isRunning(redis.pid)).toBe(false);
    expect(await ask(next.url, (client) => client.get('kept'))).toBe('yes');
  });

  it('cannot be started twice, and the error names the process that owns it', async () => {
    const { holder } = await hold(scratch);
    await expect(start(scratch)).rejects.toMatchObject({
      code: 'data_in_use',
      message: expect.stringContaining(`process ${holder.pid}`) as string,
    });
  });

  it('starts exactly once if several starts run at the same time', async () => {
    const results = await Promise.allSettled([start(scratch), start(scratch), start(scratch)]);
    expect(results.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
  });

  it('reports the last output of a server that does not start, and releases the folder', async () => {
    const files = join(scratch, 'redis', 'appendonlydir');
    mkdirSync(files, { recursive: true });
    writeFileSync(join(files, 'appendonly.aof.manifest'), 'this is no manifest\n');
    await expect(start(scratch)).rejects.toMatchObject({
      code: 'storage_unavailable',
      message: expect.stringContaining('manifest') as string,
    });
    rmSync(files, { recursive: true });
    expect((await start(scratch)).pid).toBeGreaterThan(0);
  });
});

describe('choosing a Redis', () => {
  it('uses a given Redis and does not stop it', async () => {
    const redis = await start();
    const given = await provideRedis({
      redisUrl: redis.url,
      dataDir: null,
      cacheDir: scratch,
      env: {},
      log: silentLog,
      takesUrl: true,
    });
    await given.stop();
    expect(given).toMatchObject({ url: redis.url, embedded: false });
    expect(await ask(given.url, (client) => client.ping())).toBe('PONG');
  });

  it('starts a private Redis if none is given', async () => {
    const own = await provideRedis({
      dataDir: null,
      cacheDir: redisCacheDir,
      env: process.env,
      log: silentLog,
      takesUrl: true,
    });
    started.push(own);
    expect(own.embedded).toBe(true);
    expect(await ask(own.url, (client) => client.ping())).toBe('PONG');
  });

  it('refuses a Redis that evicts keys, and warns of one without an append-only file', async () => {
    const redis = await start();
    expect(await ask(redis.url, checkRedis)).toMatchObject({ warnings: [] });

    await ask(redis.url, (client) => client.config('SET', 'appendonly', 'no'));
    const { version, warnings } = await ask(redis.url, checkRedis);
    expect(version).toMatch(/^\d+\.\d+/);
    expect(warnings).toEqual([expect.stringContaining('appendonly yes')]);

    await ask(redis.url, (client) => client.config('SET', 'maxmemory-policy', 'volatile-lru'));
    await ask(redis.url, (client) => client.config('SET', 'maxmemory', '100mb'));
    await expect(ask(redis.url, checkRedis)).rejects.toMatchObject({
      code: 'redis_evicts',
      message: expect.stringMatching(
        /volatile-lru at 100\.00M.*config set maxmemory-policy noeviction/,
      ) as string,
    });
  });
});
