// A worker without a model that it can serve reports that in its log and its health check until there is one.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { freePort } from '../../support/free-port.ts';
import { makeServiceFolder, startOwnProcess, type OwnProcess } from '../../support/own-process.ts';
import { startTestRedis } from '../../support/redis.ts';
import { writeTinyModel } from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';

let redis: Awaited<ReturnType<typeof startTestRedis>>;
let place: ReturnType<typeof makeServiceFolder>;
let worker: OwnProcess;
let url: string;
beforeAll(async () => (redis = await startTestRedis()));
afterAll(async () => redis.stop());
afterEach(async () => {
  await worker.stop();
  place.remove();
});

async function startWorker(prepare: (models: string) => void): Promise<void> {
  place = makeServiceFolder();
  prepare(join(place.folder, 'models'));
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  worker = startOwnProcess('workers', {
    ...place.env,
    REDIS_URL: redis.url,
    FOREBAY_WORKER_PORT: String(port),
    FOREBAY_LOG_LEVEL: 'error',
  });
}

async function ask(path: string) {
  const response = await fetch(url + path).catch(() => null);
  return (
    response && { http: response.status, ...((await response.json()) as { status: string; reason?: string }) }
  );
}

const serving = () => waitUntil('a worker that serves', async () => (await ask('/readyz'))?.http === 200);

it('a worker reports in one line that its folders hold no model, and serves one that is added', async () => {
  await startWorker(() => undefined);
  const [line] = await worker.says(/This worker serves nothing: it finds no model for pool .+ in .+/);
  expect(line).toContain(join(place.folder, 'models'));
  const health = await waitUntil('an answer', async () => {
    const answer = await ask('/readyz');
    return answer?.status === 'serves_nothing' && answer;
  });
  expect(health.http).toBe(503);
  expect(health.reason).toContain('no model for pool "default" in');
  expect((await ask('/healthz'))?.http).toBe(200);
  writeTinyModel(join(place.folder, 'models', 'tiny'), 'tiny');
  await serving();
  expect(worker.said().match(/serves nothing/g)).toHaveLength(1);
});

it('a worker reports that its folders hold only a broken model, and why', async () => {
  await startWorker((models) => {
    writeTinyModel(join(models, 'tiny'), 'tiny');
    writeFileSync(join(models, 'tiny', 'model.onnx'), 'no graph');
  });
  await worker.says(/This worker serves nothing: it finds no model for pool .+ in .+/);
  expect(worker.said()).toContain('model.onnx');
  writeTinyModel(join(place.folder, 'models', 'tiny'), 'tiny');
  await serving();
});

it('a worker reports that all its models fail to load, and serves one that is repaired', async () => {
  await startWorker((models) => {
    // The graph takes 8 x 8 pixels.
    writeTinyModel(join(models, 'tiny'), 'tiny', { preprocess: { crop: 16 } });
  });
  await worker.says(/This worker serves nothing: none of its models \(tiny\) can be loaded/);
  writeTinyModel(join(place.folder, 'models', 'tiny'), 'tiny');
  await serving();
});
