import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { loadModelFolder } from '#forebay/shared/models/model-folder.js';
import { columnsOf } from '#forebay/shared/sinks/table/columns-of.js';
import { rowFieldsOf, rowKindOf, taskOf } from '#forebay/shared/tasks/task-descriptions.js';
import { testFolder } from '../../../support/lanes.ts';
import { meanColourModel, writeModelFolder } from '../../../support/onnx/models.ts';
import { cascade, ensemble, SIDE, writeColours, writePipeline } from '../../../support/pipelines.ts';
import { writePredictor } from '../../../support/predictors.ts';

const RGB = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];
let models: string;
beforeEach(() => {
  models = testFolder();
  writeColours(models, 'a', RGB);
});

async function why(config: { readonly name: string } & Record<string, unknown>): Promise<string> {
  const dir = writePipeline(models, config);
  return loadModelFolder(dir).then(
    () => 'fine',
    (error: Error) => error.message.replace(`${dir}: `, '').replaceAll(`${models}`, 'MODELS'),
  );
}

it('a pipeline has the rows, options and fields of its models, and their content is part of its identity', async () => {
  const dir = writePipeline(models, { name: 'p', ...cascade('a', 0.5, 'b') });
  writeColours(models, 'b', RGB);
  const { config, ref, members } = await loadModelFolder(dir);
  expect(members.map((one) => one.ref.name)).toEqual(['a', 'b']);
  expect(rowKindOf(config)).toBe('image');
  expect(rowFieldsOf(config, null).names).toEqual(['image']);
  expect(taskOf(config).options).toEqual(['top_k', 'decode', 'threshold']);
  expect(columnsOf(config).map(({ name }) => name)).toEqual(['label', 'score', 'predictions', 'model']);
  writeColours(models, 'b', [...RGB].reverse());
  expect((await loadModelFolder(dir)).ref.hash).not.toBe(ref.hash);
});

it('a job that leaves top_k open leaves it to each model, unless their answers become one', async () => {
  writeColours(models, 'b', RGB, { topK: 2 });
  const result = {
    type: 'object',
    properties: { predictions: { type: 'array' } },
    required: ['predictions'],
  };
  writePredictor(join(models, 'code'), 'predict() {},', { name: 'code', input: 'image', result });
  const topK = async (made: object) => {
    const { config } = await loadModelFolder(writePipeline(models, { name: 'p', ...made }));
    return taskOf(config).defaults(config)['top_k'];
  };
  writePipeline(models, { name: 'same', ...cascade('a', 0.5, 'code') });
  expect(await topK(cascade('a', 0.5, 'same'))).toBe(3);
  expect(await topK(ensemble('all', 'code', 'b'))).toBe(2);
  for (const mode of ['all', 'max_confidence']) expect(await topK(ensemble(mode, 'a', 'b'))).toBeNull();
  expect(await topK(cascade('a', 0.5, 'b'))).toBeNull();
  expect(await topK({ chain: { steps: [{ model: 'a' }, { model: 'b', as: 'more' }] } })).toBeNull();
  // Code has no such option, and a row must not get all classes because of that.
  for (const mode of ['average', 'vote']) expect(await topK(ensemble(mode, 'code', 'b', 'a'))).toBe(2);
});

it('a member may be a version, an alias, or a pipeline itself', async () => {
  const versions = join(models, 'v');
  for (const version of ['1', '2']) {
    writeModelFolder(join(versions, version), meanColourModel({ side: SIDE, classes: RGB }), {
      name: 'v',
      task: 'image-classification',
      preprocess: { crop: SIDE },
      activation: 'softmax',
      top_k: Number(version),
    });
  }
  writeFileSync(join(versions, 'aliases.json'), '{"old":"1"}');
  writePipeline(models, { name: 'inner', ...cascade('a', 0.5, 'v') });
  const dir = writePipeline(models, { name: 'p', ...ensemble('max_confidence', 'v@old', 'v@2', 'inner') });
  const { members } = await loadModelFolder(dir);
  const topK = members.map(({ config }) => (config as { readonly top_k?: number }).top_k);
  expect(topK).toEqual([1, 2, undefined]);
  expect(members[2]!.members.map(({ ref }) => ref.name)).toEqual(['a', 'v']);
});

it('a pipeline that makes no sense is refused with the place and one sentence', async () => {
  writeColours(models, 'other', RGB, { labels: ['rot', 'gruen', 'blau'] });
  writePredictor(join(models, 'code'), 'predict() {},', { name: 'code', input: 'image' });
  writePredictor(join(models, 'texts'), 'predict() {},', { name: 'texts', input: 'text' });
  expect(await why({ name: 'p', ...ensemble('vote', 'a', 'aa') })).toBe(
    'model.json /ensemble/members/1/model: there is no model "aa" in MODELS; did you mean "a"?',
  );
  expect(await why({ name: 'p' })).toBe('a pipeline has one of "ensemble", "cascade" and "chain"');
  expect(await why({ name: 'p', ...ensemble('average', 'a', 'code') })).toBe(
    'model.json /ensemble/members/1/model: "combine": "average" compares scores of classes, and "code" (predictor) answers answer; use "combine": "all"',
  );
  expect(await why({ name: 'p', ...ensemble('all', 'a', 'texts') })).toBe(
    'model.json /ensemble/members/1/model: "texts" takes texts, but "a" takes images; models of a pipeline get the same rows',
  );
  expect(await why({ name: 'p', ...ensemble('vote', 'a', 'other') })).toContain(
    'needs the same classes, and the labels of "other" and "a" differ',
  );
  expect(await why({ name: 'p', ...ensemble('vote', 'a', 'a') })).toContain(
    '/ensemble/members/1/model: names "a" twice',
  );
  expect(await why({ name: 'p', ...ensemble('vote', 'a', { model: 'other', weight: 2 }) })).toContain(
    '/ensemble/members/1/weight: has no use with "combine": "vote"',
  );
  expect(
    await why({ name: 'p', cascade: { levels: [{ model: 'a' }, { model: 'other', threshold: 1 }] } }),
  ).toMatch(/levels\/0\/threshold: is missing.*levels\/1\/threshold: has no use/);
  writePipeline(models, { name: 'q', ...cascade('a', 0.5, 'p') });
  expect(await why({ name: 'p', ...cascade('a', 0.5, 'q') })).toContain(
    '"p" leads back to "q": pipelines must not form a circle',
  );
});

it('models with the same class names fit, in whatever file and order they are', async () => {
  const labels = ['rot', 'gruen', 'blau'];
  writeColours(models, 'lines', RGB, { labels });
  writeColours(models, 'crlf', RGB, { labels: labels.map((name) => `${name}\r`) });
  writeColours(models, 'turned', RGB, { labels: labels.toReversed() });
  writeColours(models, 'twice', RGB, { labels: ['rot', 'rot', 'blau'] });
  writeColours(models, 'twice2', RGB, { labels: ['blau', 'rot', 'rot'] });
  expect(await why({ name: 'p', ...ensemble('average', 'lines', 'crlf', 'turned') })).toBe('fine');
  expect(await why({ name: 'p', ...ensemble('vote', 'lines', 'twice') })).toBe(
    'model.json /ensemble/members/1/model: "combine": "vote" needs the same classes, and the labels of "twice" and "lines" differ: "twice" has no "gruen". Only if the numbers of both mean the same classes, use one labels file for both',
  );
  expect(await why({ name: 'p', ...ensemble('vote', 'twice', 'twice2') })).toContain(
    'a name occurs twice, so the order of the names counts',
  );
});

it('nested pipelines have limits of depth and of models, and one sentence says so', async () => {
  writeColours(models, 'b', RGB);
  writePipeline(models, { name: 'p1', ...ensemble('all', 'a', 'b') });
  for (const n of [2, 3, 4]) writePipeline(models, { name: `p${n}`, ...ensemble('all', `p${n - 1}`, 'a') });
  await loadModelFolder(join(models, 'p4'));
  expect(await why({ name: 'p5', ...ensemble('all', 'p4', 'a') })).toBe(
    'model.json /ensemble/members/0/model: leads to more than 4 levels of pipelines; name their models directly',
  );
  const members = Array.from({ length: 16 }, (_, i) => `m${i}`);
  for (const name of members) writePipeline(models, { name, ...ensemble('all', 'a', 'b', 'p1') });
  expect(await why({ name: 'wide', ...ensemble('all', ...members) })).toBe(
    'model.json /ensemble/members/10/model: leads to more than 64 models, counting those of its pipelines; use fewer',
  );
});

it('fields of models that make one column are refused, and a field of several types is JSON', async () => {
  const code = (name: string, properties: object) =>
    writePredictor(join(models, name), 'predict() {},', {
      name,
      result: { type: 'object', properties: { predictions: { type: 'array' }, ...properties } },
    });
  code('text', { value: { type: 'string' }, more: { type: 'integer' } });
  code('number', { value: { type: 'number' } });
  code('inner', { best: { type: 'object', properties: { x: {} } } });
  code('dotted', { 'best.x': {} });
  expect(await why({ name: 'p', ...ensemble('max_confidence', 'inner', 'dotted') })).toBe(
    'the answers of its models do not fit: "x" in the field "best" and the field "best.x" both make the column "best.x" of CSV and Parquet; rename one of them',
  );
  const { config } = await loadModelFolder(
    writePipeline(models, { name: 'q', ...ensemble('max_confidence', 'text', 'number') }),
  );
  expect(Object.fromEntries(columnsOf(config).map(({ name, type }) => [name, type]))).toMatchObject({
    value: 'json',
    more: 'int64',
  });
});
