// Models that hang while their graph is read, in their first run, or during their probe. Other models are not affected.
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { ModelWire } from '#forebay/api/http/wire/model.js';
import { childPids, cpuSeconds } from '../../support/child-pids.ts';
import { writeModelFolder } from '../../support/onnx/models.ts';
import { endlessModel, slowToOpenModel } from '../../support/onnx/special-models.ts';
import { startOwnProcess, type OwnProcess } from '../../support/own-process.ts';
import { startService, writeImages, type Service } from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';

const SIDE = 8;
/** The load timeout. Until it expires, three hanging models occupy the cores, and good models must load beside them. */
const LOAD_S = 15;
let service: Service;
let worker: OwnProcess | null = null;
beforeAll(async () => {
  service = await startService({ workers: 0 });
  await writeImages(join(service.input, 'few'), 12);
});
afterEach(async () => worker?.stop());
afterAll(async () => service.close());

const few = { input: { type: 'files', path: 'few' } };
const graphs = {
  open: () => slowToOpenModel(SIDE, 3_000),
  first: () => endlessModel(SIDE, 'always'),
  probed: () => endlessModel(SIDE, 'not black'),
};

function writeHanging(name: keyof typeof graphs, folder = join(service.models, name)): void {
  writeModelFolder(
    folder,
    graphs[name](),
    { name, task: 'image-classification', preprocess: { crop: SIDE } },
    ['a', 'b'],
  );
}

function startWorker(settings: Record<string, string>): OwnProcess {
  worker = startOwnProcess('workers', { ...service.env, FOREBAY_LOG_LEVEL: 'info', ...settings });
  return worker;
}

const modelOf = async (name: string) =>
  (await (await service.request(`/v1/models/${name}`)).json()) as ModelWire;

it('job, model and log name the model and the step that hangs, while the only lane serves other models', async () => {
  for (const name of ['open', 'first', 'probed'] as const) writeHanging(name);
  const { says, pid } = startWorker({ FOREBAY_LOAD_TIMEOUT_S: String(LOAD_S) });
  const stuck = await service.submit({ model: 'first', ...few });
  const loading = await service.until(stuck.id, 'loading', ({ reason_text }) =>
    (reason_text ?? '').startsWith('A worker is loading model "first"'),
  );
  expect(loading.reason).toBe('no_worker');
  expect(await service.ended((await service.submit(few)).id)).toMatchObject({
    status: 'completed',
    rows: { succeeded: 12 },
  });
  expect((await modelOf('first')).status).toBe('not_loaded');

  const failed = await service.until(stuck.id, 'a failure', ({ reason }) => reason === 'model_failed');
  const text = `Loading model "first" hangs: the first run, on a made-up row, did not end within ${LOAD_S} s, so the lane was killed`;
  expect(failed.reason_text).toContain(text);
  const steps = {
    open: `Loading model "open" hangs: reading and optimising the graph did not end within ${LOAD_S} s`,
    first: text,
    probed: `Loading model "probed" hangs: probing with made-up rows did not end within ${LOAD_S} s`,
  };
  for (const [name, step] of Object.entries(steps)) {
    const model = await waitUntil(`${name} to fail`, async () => {
      const seen = await modelOf(name);
      return seen.status === 'failed' && seen;
    });
    expect(model.problem).toMatchObject({ code: 'model_load_failed' });
    expect(model.problem!.message).toContain(step);
    await says(new RegExp(`hangs: ${step.split('hangs: ')[1]!.slice(0, 20)}`));
  }
  // The processes that tried the models are gone, and only the lane remains.
  await waitUntil('one child', () => childPids(pid).length === 1);
}, 180_000);

it('a worker whose only model hangs ends on SIGTERM, and otherwise its load times out', async () => {
  for (const name of ['first', 'open'] as const) {
    const folder = join(service.folder, `alone-${name}`);
    writeHanging(name, folder);
    // A worker that waited for its grace time or its load timeout would not end within this test.
    const alone = startWorker({
      FOREBAY_MODELS_DIR: folder,
      FOREBAY_SHUTDOWN_GRACE_S: '3600',
      FOREBAY_LOAD_TIMEOUT_S: '3600',
    });
    await alone.says(/lanes planned/);
    const computes = () => childPids(alone.pid).some((lane) => cpuSeconds(lane) > 1);
    await waitUntil('the lane to compute', computes);
    expect(await alone.stop()).toBe(0);
  }
  const folder = join(service.folder, 'alone-first');
  const { says } = startWorker({ FOREBAY_MODELS_DIR: folder, FOREBAY_LOAD_TIMEOUT_S: '1' });
  await says(/This worker serves nothing: none of its models \(first\) can be loaded/);
}, 180_000);
