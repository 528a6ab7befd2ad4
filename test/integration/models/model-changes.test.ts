// Models that are added, replaced or overwritten while a worker runs are served in their new version. No job mixes two
// versions.
import { cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { ModelWire } from '#forebay/api/http/wire/model.js';
import { meanColourModel, writeModelFolder } from '../../support/onnx/models.ts';
import { externalWeightsModel } from '../../support/onnx/special-models.ts';
import {
  LABELS,
  readOutput,
  startService,
  writeImages,
  writeTinyModel,
  type Service,
} from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { classWeights } from '../../support/onnx/models.ts';

const SIDE = 8;
const ROWS = 30;
let service: Service;
beforeAll(async () => {
  service = await startService({ workers: 0, env: { FOREBAY_LOG_LEVEL: 'silent' } });
  await writeImages(join(service.input, 'few'), ROWS);
});
afterEach(async () => service.stopWorkers());
afterAll(async () => service.close());

const few = { input: { type: 'files', path: 'few' } };
const IDENTITY = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];
/** Answers with the channel after the strongest one. */
const SHIFTED = [IDENTITY[2]!, IDENTITY[0]!, IDENTITY[1]!];

function writeModel(dir: string, name: string, classes: readonly (readonly number[])[]): void {
  const config = { name, task: 'image-classification', preprocess: { crop: SIDE }, top_k: 1 };
  writeModelFolder(dir, meanColourModel({ classes, side: SIDE }), config, LABELS);
}

/** The first answer of each row of a job. */
function answers(name: string): number[] {
  return readOutput(service.out(name)).map((row) => row.predictions![0]!.index);
}
const expected = (shift: number) => Array.from({ length: ROWS }, (_, i) => (i + shift) % 3);

async function run(model: string, output: string) {
  const job = await service.submit({ model, output: service.out(output), ...few });
  return service.ended(job.id);
}

it('a model folder that is added is served without a restart', async () => {
  // The other tests name their model, so that their workers load no other model.
  await service.startWorker();
  writeTinyModel(join(service.models, 'added'), 'added');
  expect(await run('added', 'added')).toMatchObject({ status: 'completed', rows: { succeeded: ROWS } });
});

it('a worker with a list of names does not serve a model that is not listed', async () => {
  await service.startWorker({ FOREBAY_MODELS: 'tiny' });
  writeTinyModel(join(service.models, 'stranger'), 'stranger');
  writeTinyModel(join(service.models, 'tiny'), 'tiny', { top_k: 1 });
  expect(await run('tiny', 'listed')).toMatchObject({ status: 'completed' });
  const stranger = (await (await service.request('/v1/models/stranger')).json()) as ModelWire;
  expect(stranger.status).toBe('not_loaded');
});

it.each(['by rename', 'in place'] as const)(
  'a model that is replaced %s is served in its new version, under its own hash and with its own answers',
  async (how) => {
    const name = how === 'by rename' ? 'renamed' : 'overwritten';
    const dir = join(service.models, name);
    writeModel(dir, name, IDENTITY);
    await service.startWorker({ FOREBAY_MODELS: name, FOREBAY_LANES: '2' });
    const first = await run(name, `${name}-1`);
    expect(answers(`${name}-1`)).toEqual(expected(0));

    if (how === 'by rename') {
      writeModel(`${dir}.new`, name, SHIFTED);
      renameSync(join(`${dir}.new`, 'model.onnx'), join(dir, 'model.onnx'));
      rmSync(`${dir}.new`, { recursive: true });
    } else writeFileSync(join(dir, 'model.onnx'), meanColourModel({ classes: SHIFTED, side: SIDE }));
    const second = await run(name, `${name}-2`);
    expect(second).toMatchObject({ status: 'completed' });
    expect(second.model_hash).not.toBe(first.model_hash);
    expect(answers(`${name}-2`)).toEqual(expected(1));
  },
);

it('a request is answered by the old model until a worker has the new one', async () => {
  const own = join(service.folder, 'own-models');
  writeModel(join(own, 'asked'), 'asked', IDENTITY);
  writeModel(join(service.models, 'asked'), 'asked', IDENTITY);
  // This worker never sees that the files of the service change.
  await service.startWorker({ FOREBAY_MODELS_DIR: own, FOREBAY_MODELS: 'asked' });
  const body = readFileSync(join(service.input, 'few', readdirSync(join(service.input, 'few'))[0]!));
  const answer = async (name: string) => {
    const asked = { method: 'POST', headers: { 'content-type': 'image/png' }, body };
    return (await service.request(`/v1/models/${name}/predict`, asked)).json();
  };
  const first = await answer('asked');
  expect(first).toHaveProperty('predictions');
  writeModel(join(service.models, 'asked'), 'asked', SHIFTED);
  await waitUntil('the service to see the new files', async () => {
    const { status } = (await (await service.request('/v1/models/asked')).json()) as ModelWire;
    return status === 'not_loaded';
  });
  // The service has not looked up this name before.
  expect(await answer('asked@latest')).toEqual(first);
});

it('a job that is paused while its model is replaced ends with the old model, which lanes still hold', async () => {
  const dir = join(service.models, 'drained');
  writeModel(dir, 'drained', IDENTITY);
  await service.startWorker({ FOREBAY_MODELS: 'drained', FOREBAY_LANES: '2' });
  const job = await service.submit({ model: 'drained', output: service.out('drained'), ...few });
  await service.post(`/v1/jobs/${job.id}/pause`, {});
  writeModel(dir, 'drained', SHIFTED);
  const next = await run('drained', 'drained-2');
  expect(next).toMatchObject({ status: 'completed' });
  await service.post(`/v1/jobs/${job.id}/resume`, {});
  expect(await service.ended(job.id)).toMatchObject({ status: 'completed', rows: { succeeded: ROWS } });
  expect(answers('drained')).toEqual(expected(0));
  expect(answers('drained-2')).toEqual(expected(1));
});

it('a job whose model is neither on disk nor in a lane waits, and reports the reason and the fix', async () => {
  const dir = join(service.models, 'replaced');
  const old = join(service.folder, 'old-version');
  writeModel(dir, 'replaced', IDENTITY);
  cpSync(dir, old, { recursive: true });
  const job = await service.submit({ model: 'replaced', output: service.out('replaced'), ...few });
  writeModel(dir, 'replaced', SHIFTED);
  await service.startWorker({ FOREBAY_MODELS: 'replaced' });
  const unknown = await service.until(job.id, 'a reason', ({ reason_text }) =>
    (reason_text ?? '').includes('If the model has changed since the job was submitted, submit it again'),
  );
  expect(unknown.reason).toBe('no_worker');
  // The old files come back.
  for (const file of ['model.onnx', 'model.json', 'labels.txt'])
    writeFileSync(join(dir, file), readFileSync(join(old, file)));
  expect(await service.ended(job.id)).toMatchObject({ status: 'completed' });
  expect(answers('replaced')).toEqual(expected(0));
});

it.each(['overwritten', 'cut short'] as const)(
  'no row is answered under the old hash after weights beside the graph are %s during a job',
  async (how) => {
    const name = `mapped-${how.replace(' ', '-')}`;
    const dir = join(service.models, name);
    const config = { name, task: 'image-classification', preprocess: { crop: SIDE }, top_k: 1 };
    writeModelFolder(dir, externalWeightsModel(SIDE), config, LABELS);
    const weights = (winner: number) => {
      const bias = new Float32Array(3 * 2 ** 20);
      for (let i = winner; i < bias.length; i += 3) bias[i] = 1000;
      return Buffer.from(bias.buffer);
    };
    writeFileSync(join(dir, 'weights.bin'), weights(0));
    await service.startWorker({ FOREBAY_MODELS: name });
    const rows = Array.from({ length: 6_000 }, (_, i) =>
      JSON.stringify({ id: `r${i}`, uri: `few/${String(i % ROWS).padStart(6, '0')}.png` }),
    );
    writeFileSync(join(service.input, 'many.jsonl'), rows.join('\n'));
    const job = await service.submit({
      model: name,
      output: service.out(name),
      input: { type: 'manifest', path: 'many.jsonl' },
      options: { block_rows: 100 },
    });
    await service.until(job.id, 'some rows', ({ rows: { succeeded } }) => succeeded > 0);
    // Either a new version is copied over the old one, or the file is truncated. After a truncation, the kernel kills a
    // lane that reads mapped weights which no longer exist.
    if (how === 'overwritten') writeFileSync(join(dir, 'weights.bin'), weights(1), { flag: 'r+' });
    else writeFileSync(join(dir, 'weights.bin'), '');
    // The worker cannot read a folder with empty weights, and says so.
    const why = how === 'overwritten' ? 'no_worker' : 'model_failed';
    const ended = await waitUntil('an end, or a reason', async () => {
      const seen = await service.job(job.id);
      return (seen.status === 'completed' || seen.reason === why) && seen;
    });
    const seen = readOutput(service.out(name));
    expect(seen.length).toBeGreaterThan(0);
    expect(new Set(seen.map((row) => row.predictions![0]!.index))).toEqual(new Set([0]));
    expect(ended.status).not.toBe('completed');
    expect(ended.rows.failed).toBe(0);
  },
);

it('an output is not resumed once the weights beside the graph have changed', async () => {
  const classes = [
    [9, 0, 0],
    [0, 9, 0],
    [0, 0, 9],
  ];
  const graph = meanColourModel({ side: SIDE, classes, location: 'weights.bin' });
  const config = { name: 'outside', task: 'image-classification', preprocess: { crop: SIDE }, softmax: true };
  writeModelFolder(join(service.models, 'outside'), graph, config, LABELS);
  const weights = join(service.models, 'outside', 'weights.bin');
  writeFileSync(weights, classWeights(classes));
  const body = { model: 'outside', ...few };
  await service.startWorker({ FOREBAY_MODELS: 'outside' });
  const first = await service.ended((await service.submit(body)).id);
  expect(first).toMatchObject({ status: 'completed', rows: { succeeded: ROWS } });
  expect(readOutput(first.output).map((row) => row.predictions![0]!.index)).toEqual(expected(0));
  await service.stopWorkers();

  const hashOf = async () => ((await (await service.request('/v1/models/outside')).json()) as ModelWire).hash;
  const before = await hashOf();
  writeFileSync(weights, classWeights(classes.toReversed()));
  expect(await hashOf()).not.toBe(before);
  const resume = { ...body, output: first.output, options: { if_output_exists: 'resume' } };
  const refused = await service.post('/v1/jobs', resume);
  expect([refused.status, await refused.json()]).toMatchObject([409, { code: 'resume_mismatch' }]);

  writeFileSync(weights, classWeights(classes));
  expect(await hashOf()).toBe(before);
  await service.startWorker({ FOREBAY_MODELS: 'outside' });
  const resumed = await service.ended((await service.submit(resume)).id);
  expect(resumed).toMatchObject({ status: 'completed', rows: { succeeded: ROWS } });
});
