// Tabular models whose config and graph fit, or contradict each other, loaded in a real lane.
import { expect, it } from 'vitest';
import { loadedLane, sharedLane, type LoadableModel } from '../../support/lanes.ts';
import { writeOnnx } from '../../support/onnx/graph.ts';
import { floats, step } from '../../support/onnx/mean-model.ts';
import {
  echoGraph,
  featuresGraph,
  SCORES,
  sumGraph,
  tabularModel,
  tensor,
  zipMapGraph,
} from '../../support/onnx/tabular-models.ts';

const ABC = ['a', 'b', 'c'];
const MIXED = echoGraph([tensor('age', 'float32', 'N', 1), tensor('city', 'string', 'N', 1)]);
const LABELLED = featuresGraph(
  [
    step('Softmax', ['X'], 'probabilities', { axis: 1 }),
    step('ArgMax', ['X'], 'label', { axis: 1, keepdims: 0 }),
  ],
  [tensor('label', 'int64', 'N'), tensor('probabilities', 'float32', 'N', 3)],
);
const OUTLIERS = featuresGraph(
  [step('MatMul', ['X', 'weights'], 'scores'), step('ArgMax', ['X'], 'label', { axis: 1, keepdims: 1 })],
  [tensor('label', 'int64', 'N', 1), tensor('scores', 'float32', 'N', 1)],
);
const UNKNOWN_WIDTH = featuresGraph(
  [step('MatMul', ['X', 'weights'], 'y')],
  [tensor('y', 'float32', 'N', 'targets')],
);
/** skl2onnx writes [N,1] for a regression of any number of targets. */
const WRONG_WIDTH = featuresGraph(
  [step('Identity', ['X'], 'variable')],
  [tensor('variable', 'float32', 'N', 1)],
);
const RECORD = '{"a":0,"b":1,"c":0,"age":5,"city":"Bern"}';

it.each<[string, LoadableModelMaker, RegExp]>([
  [
    'too few columns',
    [SCORES, { columns: ['a', 'b'] }],
    /has 2 columns for the input "X", but .*float32\[N,3\] takes 3 features/,
  ],
  [
    'a column without an input',
    [MIXED, { columns: ['age', 'town'] }],
    /column "town" feeds the input "town", but the graph has "age" float32\[N,1\] and "city"/,
  ],
  [
    'an input without a column',
    [MIXED, { columns: ['age'] }],
    /no column for the input "city", but the graph needs "city" string\[N,1\]: add the column "city"/,
  ],
  [
    'a rule for numbers on a column of strings',
    [MIXED, { columns: ['age', { name: 'city', missing: 'zero' }] }],
    /"city" has the rule "missing": "zero", which is for numbers, but .*string\[N,1\]/,
  ],
  [
    'a mean that is not whole',
    [echoGraph([tensor('n', 'int64', 'N', 1)]), { columns: [{ name: 'n', missing: 'mean', mean: 1.5 }] }],
    /"n" has the mean 1.5, but .*int64\[N,1\] takes a whole number/,
  ],
  [
    'half precision',
    [echoGraph([tensor('n', 'float16', 'N', 1)]), { columns: ['n'] }],
    /numbers or strings, but .*float16\[N,1\]: convert the model with float32/,
  ],
  [
    'an image as input',
    [echoGraph([tensor('n', 'float32', 'N', 3, 8, 8)]), { columns: ['n'] }],
    /\[batch, features\], but .*use the task "tensors"/,
  ],
  [
    'an example that does not fit',
    [MIXED, { columns: ['age', 'city'], example: { age: '5', city: 'Bern' } }],
    /^the example in model.json does not fit: column "age" is the string "5"/,
  ],
  [
    'an unknown output',
    [LABELLED, { columns: ABC, output: 'probability' }],
    /names the output "probability", but .*did you mean "probabilities"\?/,
  ],
  [
    'too few classes',
    [LABELLED, { columns: ABC, classes: ['x', 'y'] }],
    /"classes" in model.json has 2 names, but .*float32\[N,3\], with 3 per row/,
  ],
  [
    'numbers that nothing identifies as scores',
    [SCORES, { columns: ABC }],
    /nothing says that the output holds class scores.*"output": \["scores"\] to get its numbers as they are/,
  ],
  [
    'two outputs of which the config names none',
    [OUTLIERS, { columns: ABC }],
    /nothing says which output is the answer, but the graph has "label" .* and "scores" .*"output": "scores"/,
  ],
  [
    'several targets that the graph declares as one',
    [WRONG_WIDTH, { columns: ABC }],
    /its numbers are not probabilities, but the graph's output is "variable" float32\[N,3\]: .*"output": \["variable"\]/,
  ],
  [
    'NaN for whole numbers',
    [echoGraph([tensor('n', 'int64', 'N', 1)]), { columns: [{ name: 'n', missing: 'nan' }] }],
    /"n" has the rule "missing": "nan", but .*int64\[N,1\] takes a whole number/,
  ],
  [
    'classes of one number',
    [sumGraph(), { columns: ABC, classes: ['no', 'yes'] }],
    /names classes, but .*set "activation" to "sigmoid"/,
  ],
  [
    'softmax of one number',
    [sumGraph(), { columns: ABC, activation: 'softmax' }],
    /softmax makes a single score 1, but/,
  ],
  [
    'two class names for a single score',
    [sumGraph(), { columns: ABC, activation: 'none', classes: ['no', 'yes'] }],
    /has 2 names, but/,
  ],
  [
    'ZipMap',
    [zipMapGraph(), { columns: ABC }],
    /^the graph's output "output_probability" is not a tensor but a list or a map \(ZipMap\), which onnxruntime-node cannot read: convert the model with options=\{'zipmap': False\}, or set "output": "output_label" in model\.json if "output_label" int64\[N\] alone is enough$/,
  ],
  [
    'the output of ZipMap',
    [zipMapGraph(), { columns: ABC, output: 'output_probability' }],
    /options=\{'zipmap': False\}/,
  ],
])('%s is refused, and the error names config and graph', async (_, [graph, config], says) => {
  await expect(loadedLane(tabularModel(graph, config))).rejects.toMatchObject({
    code: 'config_mismatch',
    message: expect.stringMatching(says) as string,
  });
});

it.each<[string, LoadableModelMaker, object]>([
  [
    'the label of a graph with ZipMap',
    [zipMapGraph(), { columns: ABC, output: 'output_label' }],
    { outputs: { output_label: 1 } },
  ],
  [
    'probabilities, and the label of the best class',
    [LABELLED, { columns: ABC }],
    { predictions: [{ index: 1, label: '1', score: 0.576117 }] },
  ],
  ['the score of an outlier', [OUTLIERS, { columns: ABC, output: 'scores' }], { value: 10 }],
  [
    'several outputs',
    [OUTLIERS, { columns: ABC, output: ['label', 'scores'] }],
    { outputs: { label: 1, scores: 10 } },
  ],
  ['numbers as they are', [SCORES, { columns: ABC, output: ['scores'] }], { outputs: { scores: [0, 1, 0] } }],
  [
    'the only output, which is a string',
    [MIXED, { columns: ['age', 'city'], output: 'city_out' }],
    { outputs: { city_out: 'Bern' } },
  ],
  [
    'several targets that the graph declares as one',
    [WRONG_WIDTH, { columns: ABC, output: ['variable'] }],
    { outputs: { variable: [0, 1, 0] } },
  ],
  [
    'one number, if only a run shows the width of the output',
    [UNKNOWN_WIDTH, { columns: ABC }],
    { value: 10 },
  ],
])('a lane answers with %s', async (_, [graph, config], answer) => {
  const { outcomes } = await ran(tabularModel(graph, config));
  expect(outcomes).toEqual([{ ok: true, result: JSON.stringify(answer).slice(1, -1) }]);
});

it('a graph that fails on made-up values asks for an example, and loads with one', async () => {
  // Gather accepts only the kinds 1 to 3. The kind 0 is an index before its table.
  const picky = writeOnnx({
    inputs: [tensor('kind', 'int64', 'N', 1)],
    outputs: [tensor('price', 'float32', 'N', 1)],
    operators: [step('Sub', ['kind', 'most'], 'at'), step('Gather', ['table', 'at'], 'price', { axis: 0 })],
    weights: [floats('table', [3], [10, 20, 30]), { name: 'most', type: 'int64', shape: [1], data: [4] }],
  });
  const config = { columns: ['kind'] };
  await expect(loadedLane(tabularModel(picky, config))).rejects.toMatchObject({
    code: 'model_load_failed',
    message: expect.stringMatching(
      /^the graph fails on zeros .*"example" in model\.json\): .*Gather/,
    ) as string,
  });
  const lane = await loadedLane(tabularModel(picky, { ...config, example: { kind: 1 } }));
  const rows = [{ json: '{"kind":3}' }, { json: '{"kind":9}' }, { json: '{"kind":1}' }];
  const { outcomes } = await lane.run({ model: 'm', rows, options: { top_k: 1 } });
  expect(outcomes.map((outcome) => (outcome.ok ? outcome.result : outcome.error.code))).toEqual([
    '"value":30',
    'inference_failed',
    '"value":10',
  ]);
});

it('the probe finds out whether the batch changes the answer', async () => {
  const probe = async (graph: Buffer, config: object) => {
    const model = tabularModel(graph, config);
    const info = await sharedLane().load({ model: 'm', ...model, threads: 1, probe: { batchSize: 8 } });
    return info.batchInvariance?.verdict;
  };
  expect(await probe(sumGraph(), { columns: ABC })).toBe('invariant');
  const distance = featuresGraph(
    [step('ReduceMean', ['X'], 'level', { axes: [0], keepdims: 1 }), step('Sub', ['X', 'level'], 'distance')],
    [tensor('distance', 'float32', 'N', 3)],
  );
  expect(await probe(distance, { columns: ABC, output: ['distance'] })).toBe('variant');
  expect(await probe(MIXED, { columns: ['age', 'city'], output: ['age_out', 'city_out'] })).toBe('invariant');
});

it.each<[string, Buffer, RegExp]>([
  [
    'a custom operator',
    featuresGraph([{ ...step('Foo', ['X'], 'y'), domain: 'com.acme' }], [tensor('y', 'float32', 'N', 3)]),
    /^the graph uses the custom operator Foo of com\.acme, which onnxruntime does not have: export the model with standard/,
  ],
  [
    'an operator that its opset lacks',
    featuresGraph([step('Gelu', ['X'], 'y')], [tensor('y', 'float32', 'N', 3)]),
    /^the graph uses the operator Gelu, which does not exist in its opset 13: export the model again/,
  ],
  [
    'an output that no operator makes',
    featuresGraph([step('Identity', ['X'], 'z')], [tensor('y', 'float32', 'N', 3)]),
    /^the graph contradicts itself, so onnxruntime refuses it \(This is an invalid model\. Graph output \(y\) .*\): export it again/,
  ],
  [
    'sizes that do not fit',
    featuresGraph([step('MatMul', ['weights', 'weights'], 'y')], [tensor('y', 'float32', 'N', 3)]),
    /^the graph contradicts itself, .*\(Node .*\[ShapeInferenceError\].*\): export it again/,
  ],
  [
    'a too new opset',
    identity({ opset: 999 }),
    /^the graph needs opset 999 of ai\.onnx, but onnxruntime [\d.]+ has opsets up to \d+: export/,
  ],
  [
    'a too new IR version',
    identity({ ir: 99 }),
    /^the graph has the IR version 99, but onnxruntime [\d.]+ reads versions up to \d+: set model\.ir_version/,
  ],
  [
    'numbers that onnxruntime-node cannot carry',
    featuresGraph([step('Cast', ['X'], 'y', { to: 16 })], [tensor('y', 'bfloat16', 'N', 3)]),
    /^the graph has an input or an output of bfloat16, which onnxruntime-node cannot carry: export the model with a Cast/,
  ],
  [
    'an operator without an implementation for its type',
    writeOnnx({
      inputs: [tensor('x', 'float64', 'N', 3, 3, 3)],
      outputs: [tensor('y', 'float64', 'N', 3, 3, 3)],
      operators: [step('LRN', ['x'], 'y', { size: 3 })],
      weights: [],
    }),
    /^onnxruntime has no LRN \(version 13\) for the number type that the graph gives it: export the model in float32$/,
  ],
])('a graph with %s is refused with one sentence that says what to change', async (_, graph, says) => {
  await expect(loadedLane(tabularModel(graph, { columns: ABC }))).rejects.toMatchObject({
    code: 'model_load_failed',
    message: expect.stringMatching(says) as string,
  });
});

type LoadableModelMaker = readonly [graph: Buffer, config: object];

async function ran(model: LoadableModel) {
  const lane = await loadedLane(model);
  return lane.run({ model: 'm', rows: [{ json: RECORD }], options: { top_k: 1 } });
}

function identity(versions: Parameters<typeof writeOnnx>[1]): Buffer {
  const [x, y] = [tensor('x', 'float32', 'N', 3), tensor('y', 'float32', 'N', 3)];
  return writeOnnx(
    { inputs: [x], outputs: [y], operators: [step('Identity', ['x'], 'y')], weights: [] },
    versions,
  );
}
