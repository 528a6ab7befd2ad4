// Lanes work in any environment of their worker. They inherit no secrets, proxies or preloads from the worker.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { childPids } from '../../support/child-pids.ts';
import { startService, writeImages, type Service } from '../../support/service.ts';

let service: Service;
beforeAll(async () => {
  service = await startService({ workers: 0, env: { FOREBAY_LANES: '2' } });
  await writeImages(join(service.input, 'few'), 12);
});
afterEach(async () => service.stopWorkers());
afterAll(async () => service.close());

const few = { input: { type: 'files', path: 'few' } };

it('no secret, Redis URL, setting or preload of a worker reaches its lanes, even if the preload disturbs every thread', async () => {
  const preload = join(import.meta.dirname, '../../support/busy-preload.cjs');
  const worker = await service.startWorker({
    FOREBAY_WEBHOOK_SECRET: 'webhook-s3cret',
    AWS_SECRET_ACCESS_KEY: 'aws-s3cret',
    NODE_OPTIONS: `--require ${preload} --inspect=127.0.0.1:0 --max-old-space-size=300`,
    NODE_USE_ENV_PROXY: '1',
    https_proxy: 'http://user:proxy-s3cret@127.0.0.1:1',
  });
  const lanes = childPids(worker.pid!);
  expect(lanes.length).toBeGreaterThanOrEqual(2);
  for (const pid of lanes) {
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
    expect(environment).toContain('PATH=');
    expect(environment).not.toContain('s3cret');
    expect(environment).not.toContain('REDIS_URL');
    expect(environment).not.toContain('FOREBAY_');
    expect(environment).toContain('NODE_OPTIONS=--max-old-space-size=300\0');
  }
  const job = await service.ended((await service.submit(few)).id);
  expect(job).toMatchObject({ status: 'completed', rows: { succeeded: 12 } });
  expect(childPids(worker.pid!)).toEqual(lanes);
});
