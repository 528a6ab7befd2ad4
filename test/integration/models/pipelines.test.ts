// Models made of models, in a real lane and in one job of a real service.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import type { JobStatsWire } from '#forebay/api/http/wire/stats.js';
import type { LaneInput } from '#forebay/workers/lane/messages.js';
import { answerOf, loadedLane, plain, testFolder } from '../../support/lanes.ts';
import {
  cascade,
  ensemble,
  RED_ONLY,
  SIDE,
  SURE,
  writeColours,
  writePipeline,
} from '../../support/pipelines.ts';
import { toLoad, writePredictor } from '../../support/predictors.ts';
import { startService, writeImages } from '../../support/service.ts';

const OPTIONS = { top_k: 1, decode: null, threshold: null };
let models: string;
beforeEach(() => {
  models = testFolder();
  writeColours(models, 'weak', RED_ONLY);
  writeColours(models, 'strong', SURE);
});

async function run(dir: string, rows: readonly LaneInput[], options: object = OPTIONS) {
  const lane = await loadedLane(await toLoad(dir));
  return lane.run({ model: 'm', rows, options: { ...options } });
}

const answers = async (dir: string, rows: readonly LaneInput[], options: object = OPTIONS) =>
  (await run(dir, rows, options)).outcomes.map(answerOf);

it('an ensemble answers as its models do alone, whatever the format of the image', async () => {
  const background = { r: 200, g: 40, b: 90 };
  const image = sharp({ create: { width: 37, height: 23, channels: 3, background } });
  const path = join(models, 'row.jpg');
  writeFileSync(path, await image.jpeg().toBuffer());
  const rows = [
    { path, tenant: 'default' },
    { bytes: await image.png().toBuffer() },
    { bytes: await image.jpeg().toBuffer() },
  ];
  writeColours(
    models,
    'larger',
    [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ],
    { preprocess: { resize: 2 * SIDE, crop: SIDE } },
  );
  const names = ['weak', 'strong', 'larger'];
  const all = await answers(writePipeline(models, { name: 'all', ...ensemble('all', ...names) }), rows);
  const alone = await Promise.all(names.map(async (name) => answers(join(models, name), rows)));
  for (const i of rows.keys()) {
    expect(all[i]).toEqual({ answers: names.map((model, at) => ({ model, ...(alone[at]![i] as object) })) });
  }
});

it('models with different numbers of classes are not averaged', async () => {
  const two = SURE.slice(0, 2);
  writeColours(models, 'two', two, { labels: null });
  const dir = writePipeline(models, { name: 'p', ...ensemble('average', 'weak', 'two') });
  await expect(run(dir, [])).rejects.toMatchObject({
    code: 'config_mismatch',
    message: '"combine": "average" needs the same classes, but "two" has 2 and "weak" has 3',
  });
});

it('classes that the models number differently are found by their names', async () => {
  writeColours(models, 'turned', SURE.toReversed(), { labels: ['blue', 'green', 'red'] });
  const rows = [{ bytes: await plain(250, 0, 0) }, { bytes: await plain(0, 0, 250) }];
  const best = (label: string, index: number) =>
    expect.objectContaining({ predictions: [expect.objectContaining({ label, index })] });
  const dir = writePipeline(models, { name: 'p', ...ensemble('average', 'strong', 'turned') });
  const own = { ...OPTIONS, threshold: 0.9 };
  expect(await answers(dir, rows, own)).toEqual([best('red', 0), best('blue', 2)]);
});

it('a cascade asks the next model for exactly the rows of which the first is not sure', async () => {
  const dir = writePipeline(models, { name: 'p', ...cascade('weak', 0.9, 'strong') });
  const rows = [
    { bytes: await plain(250, 0, 0) },
    { bytes: await plain(0, 250, 0) },
    { bytes: Buffer.from('no image') },
    { bytes: await plain(0, 0, 250) },
  ];
  const { outcomes, timings } = await run(dir, rows);
  const [red, green, bad, blue] = outcomes.map(answerOf) as never[];
  expect(red).toMatchObject({ model: 'weak', predictions: [{ label: 'red' }] });
  expect(green).toMatchObject({ model: 'strong', predictions: [{ label: 'green' }] });
  expect(blue).toMatchObject({ model: 'strong', predictions: [{ label: 'blue' }] });
  expect(bad).toMatch(/^unsupported_format: /);
  expect(timings.answeredBy).toEqual(
    new Map([
      ['weak', 1],
      ['strong', 2],
    ]),
  );
});

it('a threshold for answers decides neither about levels nor about votes', async () => {
  const rows = [{ bytes: await plain(60, 0, 0) }];
  const strict = { ...OPTIONS, threshold: 0.9 };
  const [row] = await answers(
    writePipeline(models, { name: 'p', ...cascade('weak', 0.8, 'strong') }),
    rows,
    strict,
  );
  expect(row).toEqual({ predictions: [], model: 'weak' });
  const [vote] = await answers(
    writePipeline(models, { name: 'q', ...ensemble('vote', 'weak', 'strong') }),
    rows,
    strict,
  );
  expect(vote).toMatchObject({ predictions: [{ label: 'red', score: 1 }] });
});

it('a model that fails on a row fails it, or is left out and named', async () => {
  writePredictor(
    join(models, 'code'),
    `predict: (rows) => rows.map(({ bytes }) => bytes.length > 200 ? { error: { message: 'too long' } }
      : { predictions: [{ index: 0, label: 'red', score: 0.5 }] }),`,
    {
      name: 'code',
      input: 'image',
      result: { type: 'object', properties: { predictions: { type: 'array' } }, required: ['predictions'] },
    },
  );
  const rows = [{ bytes: await plain(9, 9, 9, 300) }, { bytes: await plain(250, 0, 0) }];
  const config = { name: 'p', ...ensemble('max_confidence', 'code', 'strong') };
  const whole = await answers(writePipeline(models, config), rows);
  expect(whole).toEqual(['predictor_error: code: too long', expect.objectContaining({ model: 'strong' })]);
  const partial = await answers(writePipeline(models, { ...config, on_member_error: 'partial' }), rows);
  expect(partial[0]).toMatchObject({
    model: 'strong',
    member_errors: [{ model: 'code', code: 'predictor_error', message: 'code: too long' }],
  });
  expect(partial[1]).not.toHaveProperty('member_errors');
});

it('a row that keeps the answer of the level before counts for that level', async () => {
  writePredictor(join(models, 'code'), `predict: (rows) => rows.map(() => ({ error: { message: 'no' } })),`, {
    name: 'code',
    input: 'image',
    result: { type: 'object', properties: { predictions: { type: 'array' } }, required: ['predictions'] },
  });
  const config = { name: 'p', on_member_error: 'partial', ...cascade('weak', 0.9, 'code') };
  const rows = [{ bytes: await plain(250, 0, 0) }, { bytes: await plain(0, 250, 0) }];
  const { outcomes, timings } = await run(writePipeline(models, config), rows);
  expect(outcomes.map(answerOf)).toMatchObject([{ model: 'weak' }, { model: 'weak', member_errors: [{}] }]);
  expect(timings.answeredBy).toEqual(new Map([['weak', 2]]));
});

it('an answer of code without usable scores costs its own row, and a model in it does not appear twice', async () => {
  const result = {
    type: 'object',
    properties: { predictions: { type: 'array' }, model: { type: 'string' } },
  };
  const code = (name: string, label: string) =>
    writePredictor(
      join(models, name),
      `predict: (rows) => rows.map(({ fields: { bad } }) =>
        ({ predictions: bad ? [null] : [{ label: '${label}', score: 0.5 }], model: 'mine' })),`,
      { name, result },
    );
  code('one', 'cat');
  code('two', 'dog');
  const rows = [{ json: '{"bad":true}' }, { json: '{}' }];
  const invalid = 'invalid_answer: one: the answer has no scores to compare: predictions.0 is no object';
  const both = ensemble('average', 'one', 'two');
  expect(await answers(writePipeline(models, { name: 'p', ...both }), rows)).toEqual([
    invalid,
    { predictions: [{ label: 'cat', score: 0.25 }] },
  ]);
  const dir = writePipeline(models, { name: 'q', ...cascade('one', 0.9, 'two') });
  const { outcomes } = await run(dir, rows);
  expect(outcomes.map(answerOf)[0]).toBe(invalid);
  expect(outcomes[1]).toEqual({
    ok: true,
    result: '"predictions":[{"label":"dog","score":0.5}],"model":"two"',
  });
});

it('a job over a cascade counts which model answered, and lists the pipeline as any model', async () => {
  const service = await startService({ workers: 0, env: { FOREBAY_LANES: '1', FOREBAY_MODELS: 'p' } });
  onTestFinished(async () => service.close());
  writeColours(service.models, 'weak', RED_ONLY);
  writeColours(service.models, 'strong', SURE);
  writePipeline(service.models, { name: 'p', ...cascade('weak', 0.9, 'strong') });
  await writeImages(join(service.input, 'few'), 9);
  await service.startWorker();
  const job = await service.submit({
    model: 'p',
    input: { type: 'files', path: 'few' },
    output: { format: 'csv' },
    options: { top_k: 1 },
  });
  expect(await service.ended(job.id)).toMatchObject({
    status: 'completed',
    rows: { succeeded: 9, failed: 0 },
  });
  const results = await (await service.request(`/v1/jobs/${job.id}/results`)).text();
  const by = results
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { model: string }).model);
  expect(by).toEqual([1, 2, 3].flatMap(() => ['weak', 'strong', 'strong']));
  const stats = (await (await service.request(`/v1/jobs/${job.id}/stats`)).json()) as JobStatsWire;
  expect(stats.answered_by).toEqual({ weak: 3, strong: 6 });
  expect(await (await service.request('/v1/models/p')).json()).toMatchObject({
    task: 'pipeline',
    status: 'serving',
  });
});
