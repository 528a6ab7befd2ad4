// Answers of code and of pipelines as tensors.
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { outputsOf } from '#forebay/api/http/oip/model-metadata.js';
import { outputsOfRows } from '#forebay/api/http/oip/outputs-of-rows.js';
import { parseInfer } from '#forebay/api/http/oip/parse-infer.js';
import { loadModelFolder } from '#forebay/shared/models/model-folder.js';
import { testFolder } from '../../../../support/lanes.ts';
import {
  cascade,
  ensemble,
  RED_ONLY,
  SURE,
  writeColours,
  writePipeline,
} from '../../../../support/pipelines.ts';
import { writePredictor } from '../../../../support/predictors.ts';

const tensors = (answer: object) => {
  const result = JSON.stringify(answer).slice(1, -1);
  return outputsOfRows([{ ok: true, result }], null, null).map(({ name, data }) => [name, data]);
};

it('what code answers becomes numbers only where it holds numbers', () => {
  const predictions = [{ label: 'cat', score: 0.5 }];
  expect(tensors({ predictions, value: 3, embedding: [1, 2] })).toEqual([
    ['label', ['cat']],
    ['score', [0.5]],
    ['embedding', [1, 2]],
    ['value', [3]],
  ]);
  const texts = { predictions: ['cat'], value: 'three', embedding: 'none' };
  expect(tensors(texts)).toEqual([['answer', [JSON.stringify(texts)]]]);
});

it('the metadata of a pipeline and of code names the tensors that their answers become', async () => {
  const models = testFolder();
  writeColours(models, 'weak', RED_ONLY);
  writeColours(models, 'strong', SURE);
  const names = async (dir: string) => {
    const { config } = await loadModelFolder(dir);
    return outputsOf({ config, graphInputs: null, graphOutputs: null }).map(({ name }) => name);
  };
  const classes = ['label', 'score', 'index', 'answer'];
  expect(await names(writePipeline(models, { name: 'p', ...cascade('weak', 0.5, 'strong') }))).toEqual(
    classes,
  );
  expect(await names(writePipeline(models, { name: 'q', ...ensemble('vote', 'weak', 'strong') }))).toEqual(
    classes,
  );
  expect(await names(writePipeline(models, { name: 'r', ...ensemble('all', 'weak', 'strong') }))).toEqual([
    'answer',
  ]);
  const result = { type: 'object', properties: { value: { type: 'string' } }, required: ['value'] };
  expect(
    await names(writePredictor(join(models, 'code'), 'predict: () => [],', { name: 'c', result })),
  ).toEqual(['answer']);
});

it('nested data must be nested as its shape says', () => {
  const infer = (data: string) =>
    parseInfer(Buffer.from(`{"inputs":[{"name":"x","datatype":"FP32","shape":[2,3],"data":${data}}]}`), null);
  expect(infer('[[1,2,3],[4,5,6]]').inputs[0]!.elements).toEqual(infer('[1,2,3,4,5,6]').inputs[0]!.elements);
  for (const other of ['[[1,2],[3,4],[5,6]]', '[[1],[2,3,4,5,6]]', '[[1,2,3],4,5,6]'])
    expect(() => infer(other)).toThrow('The lists of the input "x" are not nested as its shape [2,3].');
});
