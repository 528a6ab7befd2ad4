// Which variables a child process inherits if it only computes.
import { expect, it } from 'vitest';
import { childEnvironment } from '#forebay/shared/process/child-environment.js';
import { nodeFlagsForChildren } from '#forebay/shared/process/node-flags.js';

it('passes on the variables that computing needs, such as those of libraries, accelerators and thread pools', () => {
  const needed = {
    PATH: '/bin',
    HOME: '/root',
    TMPDIR: '/t',
    LC_ALL: 'C.UTF-8',
    LD_LIBRARY_PATH: '/cuda',
    CUDA_VISIBLE_DEVICES: '0',
    NVIDIA_VISIBLE_DEVICES: 'all',
    VK_DRIVER_FILES: '/driver.json',
    OMP_NUM_THREADS: '2',
    VIPS_CONCURRENCY: '1',
  };
  expect(childEnvironment(needed)).toEqual(needed);
});

it('passes on no secret, proxy or preload, and nothing outside its lists', () => {
  const parent = {
    REDIS_URL: 'redis://:secret@host',
    FOREBAY_API_KEY: 'fb_1',
    FOREBAY_WEBHOOK_SECRET: 'whsec',
    AWS_SECRET_ACCESS_KEY: 'aws',
    HTTPS_PROXY: 'http://u:p@proxy',
    https_proxy: 'http://u:p@proxy',
    NODE_USE_ENV_PROXY: '1',
    NODE_OPTIONS: '--require /apm.js --import=/otel.mjs --inspect',
    NODE_V8_COVERAGE: '/coverage',
    SOMETHING: 'else',
  };
  expect(childEnvironment(parent)).toEqual({});
});

it('lets added variables override inherited ones', () => {
  const parent = { MALLOC_ARENA_MAX: '8', PATH: '/bin' };
  expect(childEnvironment(parent, { MALLOC_ARENA_MAX: '2' })).toEqual({
    MALLOC_ARENA_MAX: '2',
    PATH: '/bin',
  });
});

it.each([
  ['--max-old-space-size=512', '--max-old-space-size=512'],
  ['--max_old_space_size=512', '--max_old_space_size=512'],
  ['--max-old-space-size 512 --require /a.js', '--max-old-space-size=512'],
  ['-r /a.js --inspect=0.0.0.0:9229 --jitless', '--jitless'],
  ['--require "/with space/--jitless a.js" --stack-trace-limit=50', '--stack-trace-limit=50'],
  [String.raw`--import "/a\" --jitless b.mjs"`, ''],
  ['--use-env-proxy --import /otel.mjs', ''],
  ['', ''],
])('reduces the NODE_OPTIONS %j to %j', (given, kept) => {
  expect(nodeFlagsForChildren(given)).toBe(kept);
});
