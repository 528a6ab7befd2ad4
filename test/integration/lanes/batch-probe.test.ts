// What a lane's probe finds out about a model's batches, for graphs with a known verdict and for real models.
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { testFolder, sharedLane, type LoadableModel } from '../../support/lanes.ts';
import { checkedConfig, meanColourModel, writeModelFolder } from '../../support/onnx/models.ts';
import { batchMeanModel, darkOnlyModel, pairsModel } from '../../support/onnx/special-models.ts';

const SIDE = 8;
const DATA = resolve(import.meta.dirname, '../../../../shared/data/models');
const config = { name: 'm', task: 'image-classification', preprocess: { crop: SIDE } };
const CLASSES = [
  [1, 0, 0],
  [0, 1, 1],
];

function folder(graph: Buffer): LoadableModel {
  return writeModelFolder(testFolder(), graph, config);
}

/** Long enough for every verdict on a busy machine, where a lane gets only a small share of a core. */
const BUDGET_MS = 30_000;

async function probed(model: LoadableModel, batchSize = 4, cacheDir: string | null = null) {
  const cache = cacheDir === null ? {} : { cache: { dir: cacheDir, hash: 'ab'.repeat(32) } };
  const probe = { batchSize, budgetMs: BUDGET_MS };
  return sharedLane().load({ model: 'm', ...model, ...cache, threads: 1, probe });
}

it('a graph that treats each row alone is invariant, in any layout and precision', async () => {
  const variants = [{}, { type: 'float16' }, { layout: 'nhwc', softmax: true }, { batch: 4 }] as const;
  for (const variant of variants) {
    const model = folder(meanColourModel({ classes: CLASSES, side: SIDE, ...variant }));
    const { batchInvariance, memory } = await probed(model);
    expect(batchInvariance).toMatchObject({ verdict: 'invariant', batch: expect.any(Number) });
    expect(batchInvariance!.maxDifference).toBeLessThan(1e-6);
    expect(memory).toEqual({ weightsBytes: expect.any(Number), activationBytes: expect.any(Number) });
  }
});

it('a graph that compares a row with its batch is variant, even if its batch is fixed and padded', async () => {
  for (const batch of ['N', 4]) {
    const { batchInvariance } = await probed(folder(batchMeanModel(SIDE, batch)), 1);
    expect(batchInvariance).toMatchObject({ verdict: 'variant' });
    expect(batchInvariance!.maxDifference).toBeGreaterThan(0.1);
  }
});

it('a graph with a fixed batch of one row gets the verdict fixed_batch', async () => {
  const { batchInvariance } = await probed(folder(batchMeanModel(SIDE, 1)), 8);
  expect(batchInvariance).toEqual({ verdict: 'fixed_batch', maxDifference: 0, batch: 1 });
});

it('a graph that fails on the images of the probe is loaded with an unknown verdict', async () => {
  const { batchInvariance } = await probed(folder(darkOnlyModel(SIDE)), 4, testFolder());
  expect(batchInvariance).toMatchObject({ verdict: 'unknown' });
});

it('a model whose first row exceeds the time of the probe gets an unknown verdict', async () => {
  const model = folder(batchMeanModel(SIDE));
  const probe = { batchSize: 4, budgetMs: 0 };
  const { batchInvariance } = await sharedLane().load({
    model: 'm',
    ...model,
    threads: 1,
    probe,
  });
  expect(batchInvariance).toMatchObject({ verdict: 'unknown' });
});

it('a lane probes only on request', async () => {
  const model = folder(batchMeanModel(SIDE));
  const info = await sharedLane().load({ model: 'm', ...model, threads: 1 });
  expect(info).toMatchObject({ batchInvariance: null, memory: null });
});

it('a lane times calls of several sizes, if the rows of a call are free', async () => {
  const probe = { batchSize: 4, budgetMs: 0, timing: { leastCallMs: 0 } };
  const load = { model: 'm', threads: 1, probe };
  const { callTimes } = await sharedLane().load({ ...load, ...folder(pairsModel(SIDE)) });
  const three = [expect.any(Number), expect.any(Number), expect.any(Number)];
  expect(callTimes).toEqual([
    { rows: 4, msPerRow: three },
    { rows: 1, msPerRow: three },
  ]);
  const [four, one] = callTimes!.map(({ msPerRow }) => Math.min(...msPerRow));
  expect(one).toBeLessThan(four!);
  const fixed = await sharedLane().load({ ...load, ...folder(batchMeanModel(SIDE, 4)) });
  expect(fixed).not.toHaveProperty('callTimes');
});

it('the next load reads the verdict from the cache, and replaces a damaged record', async () => {
  const cache = testFolder();
  const model = folder(batchMeanModel(SIDE));
  const first = await probed(model, 4, cache);
  const records = join(cache, 'probes');
  const [name] = readdirSync(records);
  const record = join(records, name!);
  const text = readFileSync(record, 'utf8');
  writeFileSync(record, text.replace(/"maxDifference":[^,]+/, '"maxDifference":0.125'));
  expect((await probed(model, 4, cache)).batchInvariance).toMatchObject({ maxDifference: 0.125 });
  writeFileSync(record, '{"batchInvariance":{"verdict":"fine"}}');
  expect((await probed(model, 4, cache)).batchInvariance).toEqual(first.batchInvariance);
  expect(readdirSync(records)).toEqual([name]);
});

it('a cache folder that cannot be written does not fail the load', async () => {
  const file = join(testFolder(), 'taken');
  writeFileSync(file, '');
  const { batchInvariance } = await probed(folder(batchMeanModel(SIDE)), 4, file);
  expect(batchInvariance).toMatchObject({ verdict: 'variant' });
});

const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const CAFFE = { color_order: 'bgr', rescale: 1, mean: [103.939, 116.779, 123.68] };

describe.skipIf(!existsSync(DATA))(
  'the verdict on a real model is right (skipped without ../shared/data)',
  () => {
    it.each([
      ['mobilenetv2-int8-dynamic', IMAGENET, 'variant'],
      ['mobilenetv2-int8-qdq', IMAGENET, 'invariant'],
      ['mobilenetv2', IMAGENET, 'invariant'],
      ['squeezenet', CAFFE, 'invariant'],
      ['squeezenet-fp16-batch1', CAFFE, 'fixed_batch'],
    ])(
      '%s',
      async (name, preprocess, verdict) => {
        const dir = testFolder();
        mkdirSync(dir, { recursive: true });
        symlinkSync(join(DATA, `${name}.onnx`), join(dir, 'model.onnx'));
        const real = checkedConfig({
          name,
          task: 'image-classification',
          preprocess: { resize: 256, crop: 224, ...preprocess },
        });
        const { batchInvariance } = await probed({ dir, config: real, named: [] });
        expect(batchInvariance).toMatchObject({ verdict });
        if (verdict === 'variant') expect(batchInvariance!.maxDifference).toBeGreaterThan(0.5);
        else expect(batchInvariance!.maxDifference).toBeLessThan(1e-5);
      },
      180_000,
    );
  },
);
