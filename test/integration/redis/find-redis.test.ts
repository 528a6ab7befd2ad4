// Where the Redis server program comes from: PATH, the cache, or the distribution's package.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkRedisHere } from '#forebay/cli/doctor/check-redis-here.js';
import { startEmbeddedRedis } from '#forebay/cli/redis/embedded-redis.js';
import { findRedis } from '#forebay/cli/redis/find-redis.js';
import { libraryEnv, onPath } from '#forebay/cli/redis/redis-program.js';
import { redisCacheDir, silentLog, startTestRedis } from '../../support/redis.ts';

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'find-redis-'));
  mkdirSync(join(scratch, 'bin'));
  mkdirSync(join(scratch, 'cache'));
});
afterEach(() => rmSync(scratch, { recursive: true, force: true }));

const privatePath = () => ({ PATH: join(scratch, 'bin') });
const find = (cacheDir: string, env: NodeJS.ProcessEnv, takesUrl = true) =>
  findRedis({ cacheDir, env, log: silentLog, takesUrl });

function addProgram(name: string, script: string): string {
  const path = join(scratch, 'bin', name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return path;
}

it('a server on PATH is used, and Valkey is preferred', async () => {
  const program = await find(redisCacheDir, process.env);
  const libraries = libraryEnv(program)['LD_LIBRARY_PATH'] ?? '';
  const script = `LD_LIBRARY_PATH='${libraries}' exec '${program.path}' "$@"`;
  addProgram('redis-server', 'exit 1');
  const valkey = addProgram('valkey-server', script);
  const cacheDir = join(scratch, 'cache');
  expect(await find(cacheDir, privatePath())).toEqual({ path: valkey, libraryPath: [] });

  const redis = await startEmbeddedRedis({
    dataDir: null,
    cacheDir,
    env: privatePath(),
    log: silentLog,
    takesUrl: true,
  });
  expect(redis.pid).toBeGreaterThan(0);
  await redis.stop();
  expect(readdirSync(cacheDir)).toEqual([]);
});

it('without a server and without apt, the error says how to install one', async () => {
  await expect(find(join(scratch, 'cache'), privatePath())).rejects.toMatchObject({
    code: 'redis_not_found',
    message: expect.stringMatching(
      /Install one with `(apt-get|brew|dnf|apk|pacman|zypper) .*`, or run `docker run .*REDIS_URL=redis:/,
    ) as string,
  });
});

it('a command that starts its own Redis does not advise to set REDIS_URL', async () => {
  const error = await find(join(scratch, 'cache'), privatePath(), false).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'redis_not_found' });
  expect(String(error)).toMatch(/This command starts its own Redis.* Install one with `/);
  expect(String(error)).not.toContain('REDIS_URL');
});

it('forebay doctor says what is missing, for a service and for commands that start their own Redis', async () => {
  const check = async (url: string | undefined) => checkRedisHere(url, privatePath(), join(scratch, 'cache'));
  expect(await check(undefined)).toMatchObject({
    level: 'fail',
    advice: expect.stringMatching(/^Install valkey/),
  });
  const redis = await startTestRedis();
  const given = await check(redis.url);
  expect(given).toMatchObject({ level: 'note', found: expect.stringContaining('(REDIS_URL), version') });
  expect(given.advice).toMatch(/`forebay run` .* do not use REDIS_URL: for them, install/);
  await redis.stop();

  addProgram('redis-server', 'exit 1');
  expect((await check(undefined)).level).toBe('ok');
});

it("the error repeats apt's reason if the package is not available, and the cache stays empty", async () => {
  addProgram('apt-get', 'echo "E: Unable to locate package redis-server" >&2; exit 100');
  addProgram('dpkg-deb', 'exit 1');
  await expect(find(join(scratch, 'cache'), privatePath())).rejects.toMatchObject({
    code: 'redis_not_found',
    message: expect.stringContaining('failed: Unable to locate package redis-server.') as string,
  });
  expect(readdirSync(join(scratch, 'cache'))).toEqual([]);
});

it.skipIf(onPath('apt-get', process.env) === null || onPath('redis-server', process.env) !== null)(
  'two first starts at the same time unpack the package once (needs apt and no installed Redis)',
  async () => {
    const cacheDir = join(scratch, 'cache');
    const [one, other] = await Promise.all([find(cacheDir, process.env), find(cacheDir, process.env)]);
    expect(one).toEqual(other);
    expect(readdirSync(cacheDir)).toHaveLength(1);
    const version = execFileSync(one.path, ['--version'], { env: libraryEnv(one), encoding: 'utf8' });
    expect(version).toMatch(/v=\d+\.\d+/);
    expect(await find(cacheDir, privatePath())).toEqual(one);
  },
);
