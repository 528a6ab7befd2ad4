// Chains of models in a real lane. Jobs over them: pipeline-jobs.test.ts.
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import sharp from 'sharp';
import { beforeEach, describe, expect, it } from 'vitest';
import type { LaneInput } from '#forebay/workers/lane/messages.js';
import { answerOf, loadedLane, plain, testFolder } from '../../support/lanes.ts';
import { blocksOn, chain, SURE, writeColours, writeFinder, writePipeline } from '../../support/pipelines.ts';
import { toLoad, writePredictor } from '../../support/predictors.ts';
import { YOLOX } from '../../support/real-models.ts';

const GREEN = [0, 255, 0] as const;
const FOR_EACH = { for_each: 'detections' };

let models: string;
beforeEach(() => {
  models = testFolder();
  writeFinder(models, 'finder');
  writeColours(models, 'colour', SURE);
});

async function run(config: Record<string, unknown>, rows: readonly LaneInput[], options: object = {}) {
  const dir = writePipeline(models, { name: 'p', ...config });
  const lane = await loadedLane(await toLoad(dir));
  return lane.run({ model: 'm', rows, options: { ...options } });
}

const answers = async (...given: Parameters<typeof run>) => (await run(...given)).outcomes.map(answerOf);

interface Found {
  readonly box: readonly number[];
  readonly predictions?: readonly { readonly index: number; readonly label: string }[];
}
const found = (row: unknown) => (row as { readonly detections: readonly Found[] }).detections;
const labels = (row: unknown) => found(row).map((one) => one.predictions?.[0]!.label);

it('each object gets the answer that its crop gets alone', async () => {
  const picture = await blocksOn(64, 64, [
    { at: [4, 8, 20, 12], colour: [255, 30, 0] },
    { at: [40, 40, 8, 16], colour: [0, 200, 30] },
  ]);
  const rows = [{ bytes: await plain(0, 0, 0) }, { bytes: picture }];
  const [none, two] = await answers(chain('finder', { model: 'colour', ...FOR_EACH }), rows);
  expect(none).toEqual({ detections: [] });
  expect(labels(two)).toEqual(['red', 'green']);
  const lane = await loadedLane(await toLoad(join(models, 'colour')));
  for (const { box, predictions } of found(two)) {
    const [left, top, width, height] = box as [number, number, number, number];
    const crop = await sharp(picture).extract({ left, top, width, height }).png().toBuffer();
    const { outcomes } = await lane.run({
      model: 'm',
      rows: [{ bytes: crop }],
      options: { top_k: 3, decode: null, threshold: null },
    });
    expect(answerOf(outcomes[0]!)).toEqual({ predictions });
  }
});

it('crops come from the image that the detector has decoded, or from one that is decoded again', async () => {
  const picture = await blocksOn(48, 48, [{ at: [12, 15, 12, 9], colour: GREEN }]);
  const classify = { model: 'colour', ...FOR_EACH };
  // For this detector, only the middle of the image is decoded.
  writeFinder(models, 'middle', { resize: undefined });
  const rows = [{ bytes: picture }, { bytes: picture }];
  const once = await run(chain('finder', classify), rows);
  expect(once.timings.bytes).toBe(2 * picture.length);
  const twice = await run(chain('middle', classify), rows);
  expect(twice.timings.bytes).toBe(4 * picture.length);
  for (const { outcomes } of [once, twice])
    expect(outcomes.map(answerOf).map(labels)).toEqual([['green'], ['green']]);
});

it('only the wanted objects are cut out, and a row says how many were too many', async () => {
  const picture = await blocksOn(64, 64, [
    { at: [2, 2, 8, 8], colour: [255, 255, 255] },
    { at: [20, 2, 8, 8], colour: [255, 0, 0] },
    { at: [40, 2, 8, 8], colour: [0, 250, 0] },
    { at: [2, 40, 8, 8], colour: [0, 0, 210] },
  ]);
  const classify = { model: 'colour', ...FOR_EACH, when: { label: ['thing'], min_score: 0.3 }, max_crops: 2 };
  const [row] = await answers(chain('finder', classify), [{ bytes: picture }]);
  expect(labels(row)).toEqual(['red', 'red', undefined, undefined]);
  expect(row).toMatchObject({ crops_left_out: 1 });
  const byNumber = { ...classify, when: { label: [1] } };
  const [none] = await answers(chain('finder', byNumber), [{ bytes: picture }]);
  expect(found(none).map(({ box }) => box)).toEqual(found(row).map(({ box }) => box));
  expect(labels(none)).toEqual([undefined, undefined, undefined, undefined]);
});

it('a later model may depend on what an earlier one says about the crop, and answers in a field of its own', async () => {
  writePredictor(
    join(models, 'size'),
    'predict: async (rows, { pixels }) => Promise.all(rows.map(async ({ bytes }) => ({ predictions: [], red: (await pixels(bytes, { crop: 1 }))[0] }))),',
    {
      name: 'size',
      input: 'image',
      result: { type: 'object', properties: { predictions: { type: 'array' }, red: { type: 'integer' } } },
    },
  );
  const picture = await blocksOn(64, 64, [
    { at: [2, 2, 8, 8], colour: [240, 0, 0] },
    { at: [20, 2, 8, 8], colour: GREEN },
  ]);
  const [row] = await answers(
    chain(
      'finder',
      { model: 'colour', ...FOR_EACH },
      { model: 'size', ...FOR_EACH, when: { of: 'colour', label: ['red'] }, as: 'code' },
    ),
    [{ bytes: picture }],
    { top_k: 1 },
  );
  expect(found(row)).toMatchObject([
    { predictions: [{ label: 'green' }] },
    { predictions: [{ label: 'red' }], code: { predictions: [], red: 240 } },
  ]);
  expect(found(row)[0]).not.toHaveProperty('code');
});

it('a chain that cannot be loaded names the model to fix', async () => {
  const code = `load: () => { throw new Error('no licence'); }, predict: (rows) => rows`;
  writePredictor(join(models, 'late'), code, { name: 'late', input: 'image' });
  await expect(run(chain('colour', 'late'), [])).rejects.toMatchObject({
    code: 'model_load_failed',
    message: 'model "late" of the pipeline: load() of the predictor failed: no licence',
  });
});

it('texts go on to the next model only if the first one says so, and those that stop say where', async () => {
  writePredictor(
    join(models, 'topic'),
    `predict: (rows) => rows.map(({ text }) => text === 'bad' ? { error: { message: 'no topic' } }
      : { predictions: [{ label: text[0], score: text.length / 10 }] }),`,
    {
      name: 'topic',
      input: 'text',
      result: { type: 'object', properties: { predictions: { type: 'array' } }, required: ['predictions'] },
    },
  );
  writePredictor(
    join(models, 'embed'),
    `predict: (rows) => { if (rows.some(({ text }) => text === 'awkward')) throw new Error('too awkward');
      return rows.map(({ text }) => ({ embedding: [text.length, rows.length] })); },`,
    {
      name: 'embed',
      input: 'text',
      result: {
        type: 'object',
        properties: { embedding: { type: 'array', items: { type: 'number' } } },
        required: ['embedding'],
      },
    },
  );
  const steps = chain('topic', { model: 'embed', when: { label: ['a', 'b'], min_score: 0.4 } });
  const texts = ['abcd', 'zzzz', 'bad', 'b', 'bbbbb'];
  const rows = texts.map((text) => ({ json: JSON.stringify({ text }) }));
  const { outcomes, timings } = await run(steps, rows);
  expect(outcomes.map(answerOf)).toEqual([
    { predictions: [{ label: 'a', score: 0.4 }], embedding: [4, 2] },
    { predictions: [{ label: 'z', score: 0.4 }], stopped_after: 'topic' },
    'predictor_error: topic: no topic',
    { predictions: [{ label: 'b', score: 0.1 }], stopped_after: 'topic' },
    { predictions: [{ label: 'b', score: 0.5 }], embedding: [5, 2] },
  ]);
  expect(timings.answeredBy).toEqual(
    new Map([
      ['embed', 2],
      ['topic', 2],
    ]),
  );
  const awkward = [{ json: '{"text":"awkward"}' }];
  const failed = 'predictor_error: embed: predict threw on this row: too awkward';
  expect(await answers(steps, awkward)).toEqual([failed]);
  expect(await answers({ ...steps, on_member_error: 'partial' }, awkward)).toEqual([
    {
      predictions: [{ label: 'a', score: 0.7 }],
      stopped_after: 'topic',
      member_errors: [{ model: 'embed', code: 'predictor_error', message: failed.slice(17) }],
    },
  ]);
});

it('objects of code that are no objects cost their own row, and boxes are cut to the image', async () => {
  writePredictor(
    join(models, 'boxes'),
    `predict: (rows) => rows.map(({ bytes }) => ({ detections: bytes.length > 300 ? [{ box: [1, 2, 3] }]
      : [{ box: [-50, -50, 1, 1] }, { box: [1e9, 2, 5, 5], label: 'far' }] })),`,
    {
      name: 'boxes',
      input: 'image',
      result: { type: 'object', properties: { detections: { type: 'array' } } },
    },
  );
  const rows = [{ bytes: await plain(9, 9, 9, 300) }, { bytes: await plain(200, 0, 0) }];
  const [bad, good] = await answers(chain('boxes', { model: 'colour', ...FOR_EACH }), rows);
  expect(bad).toBe(
    'invalid_answer: boxes: the answer has no objects to cut out: detections.0.box is no list of four numbers: left, top, width and height',
  );
  expect(labels(good)).toEqual(['red', 'red']);
});

const DATA = resolve(import.meta.dirname, '../../../../shared/data');

describe.skipIf(!existsSync(join(DATA, 'models')))('real models (skipped without ../shared/data)', () => {
  it('yolox finds animals in photos, and mobilenet names their breeds', async () => {
    const link = (name: string, graph: string, config: object) => {
      mkdirSync(join(models, name));
      symlinkSync(join(DATA, 'models', graph), join(models, name, 'model.onnx'));
      writeFileSync(join(models, name, 'model.json'), JSON.stringify({ name, ...config }));
    };
    link('yolox', 'yolox-nano.onnx', YOLOX);
    link('mobilenet', 'mobilenetv2.onnx', {
      task: 'image-classification',
      activation: 'softmax',
      preprocess: { resize: 256, crop: 224, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
    });
    const photos = readdirSync(join(DATA, 'photos')).filter((name) => /Maltese|Persian|panda/.test(name));
    const rows = photos.map((name) => ({ path: join(DATA, 'photos', name), tenant: 'default' }));
    // Cats, dogs and bears of COCO.
    const when = { label: [15, 16, 21] };
    const outcomes = await answers(chain('yolox', { model: 'mobilenet', ...FOR_EACH, when }), rows, {
      top_k: 1,
    });
    const best = outcomes.flatMap((row) =>
      found(row).flatMap((one) => (one.predictions === undefined ? [] : [one.predictions[0]!.index])),
    );
    // A Maltese dog, a Persian cat and two pandas.
    expect(best).toEqual([153, 283, 388, 388]);
  }, 60_000);
});
