// Text classification in a lane. The graph looks up the scores of each token and takes the largest.
import { expect, it } from 'vitest';
import type { OptionValues } from '#forebay/shared/tasks/task-description.js';
import { loadedLane, predictionsOf, testFolder } from '../../support/lanes.ts';
import { writeOnnx } from '../../support/onnx/graph.ts';
import { floats, ints, step } from '../../support/onnx/mean-model.ts';
import { largestOfTokens } from '../../support/onnx/text-graphs.ts';
import { records, runTexts, VOCABULARY, writeTextModel } from '../../support/text-models.ts';

const SCORES: Readonly<Record<string, readonly number[]>> = { paris: [0.9, 0.1], loves: [0, 0.75] };
const table = VOCABULARY.map((token) => SCORES[token] ?? [0, 0]);
const config = { task: 'text-classification', activation: 'none' };

it('a text gets its best classes with labels, and a job may limit their number and set a threshold', async () => {
  const model = writeTextModel(testFolder(), {
    graph: largestOfTokens({ table }),
    config,
    labels: ['place', 'feeling'],
  });
  const lane = await loadedLane(model);
  const rows = records('mary loves paris', 'mary', 'paris');
  const labels = async (options: OptionValues) =>
    (await runTexts(lane, model, rows, options)).map((outcome) =>
      predictionsOf(outcome).map(({ label, score }) => [label, score]),
    );
  expect(await labels({})).toEqual([
    [
      ['place', 0.9],
      ['feeling', 0.75],
    ],
    [
      ['place', 0],
      ['feeling', 0],
    ],
    [
      ['place', 0.9],
      ['feeling', 0.1],
    ],
  ]);
  expect(await labels({ top_k: 1 })).toEqual([[['place', 0.9]], [['place', 0]], [['place', 0.9]]]);
  expect(await labels({ threshold: 0.5 })).toEqual([
    [
      ['place', 0.9],
      ['feeling', 0.75],
    ],
    [],
    [['place', 0.9]],
  ]);
});

it('the config may set the threshold of a model with many labels per text', async () => {
  const model = writeTextModel(testFolder(), {
    graph: largestOfTokens({ table }),
    config: { ...config, threshold: 0.8 },
    labels: ['place', 'feeling'],
  });
  const lane = await loadedLane(model);
  const outcomes = await runTexts(lane, model, records('mary loves paris'));
  expect(predictionsOf(outcomes[0])).toEqual([{ index: 0, label: 'place', score: 0.9 }]);
});

it('a pair of texts becomes one sequence, and the tokens of each text have their own type', async () => {
  // The graph returns the sum of all token types, and the number of tokens.
  const graph = writeOnnx({
    inputs: ['input_ids', 'attention_mask', 'token_type_ids'].map((name) => ({
      name,
      type: 'int64',
      shape: ['batch', 'tokens'],
    })),
    outputs: [{ name: 'logits', type: 'float32', shape: ['batch', 2] }],
    operators: [
      step('Cast', ['token_type_ids'], 'types', { to: 1 }),
      step('Cast', ['attention_mask'], 'mask', { to: 1 }),
      step('ReduceSum', ['types', 'axis'], 'second', { keepdims: 1 }),
      step('ReduceSum', ['mask', 'axis'], 'all', { keepdims: 1 }),
      step('Concat', ['second', 'all'], 'logits', { axis: 1 }),
    ],
    weights: [ints('axis', [1]), floats('unused', [1], [0])],
  });
  const model = writeTextModel(testFolder(), { graph, config: { ...config, max_length: 10 } });
  const lane = await loadedLane(model);
  const pairs = [
    { text: 'a b', text_pair: 'c' },
    { text: 'a b', text_pair: null },
    { text: 'a', text_pair: '' },
    { text: 'a b c a b c a b c', text_pair: 'mary paris' },
    { text: 'a', text_pair: 'a b c a b c a b c' },
  ].map((fields) => ({ json: JSON.stringify(fields) }));
  const outcomes = await runTexts(lane, model, pairs);
  const numbers = outcomes.map((outcome) => {
    const found = predictionsOf(outcome).toSorted((a, b) => a.index - b.index);
    return found.map(({ score }) => score);
  });
  expect(numbers).toEqual([
    [2, 6],
    [0, 4],
    [1, 4],
    [3, 10],
    [7, 10],
  ]);
});
