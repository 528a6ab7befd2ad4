// What a model's metadata says must be what `infer` takes and answers.
import { expect, it } from 'vitest';
import { inputsOf, outputsOf } from '#forebay/api/http/oip/model-metadata.js';
import { rowsOfInputs } from '#forebay/api/http/oip/rows-of-inputs.js';
import type { ModelConfig } from '#forebay/shared/domain/model/model-config.js';
import { readModelConfig } from '#forebay/shared/models/read-model-config.js';

function configOf(value: object): ModelConfig {
  const reading = readModelConfig({ name: 'm', ...value });
  if (!reading.ok) throw new Error(JSON.stringify(reading.issues));
  return reading.config;
}

it('a sound is the input audio', () => {
  const config = configOf({ task: 'audio', sample_rate: 16_000 });
  const graphInputs = [{ name: 'waveform', type: 'float32', shape: ['N', 'T'] }];
  expect(inputsOf({ config, graphInputs, graphOutputs: null })).toEqual([
    { name: 'audio', datatype: 'BYTES', shape: [-1] },
  ]);
});

it('the row is the first axis of an output, wherever the graph has it', () => {
  const config = configOf({
    task: 'tensors',
    outputs: { t: { batch_axis: 1 }, y: {}, all: { batch_axis: null } },
  });
  const graphOutputs = [
    { name: 't', type: 'float32', shape: [3, 'batch', 5] },
    { name: 'y', type: 'int64', shape: ['batch', 3] },
    { name: 'all', type: 'float32', shape: [2] },
  ];
  const described = outputsOf({ config, graphInputs: null, graphOutputs });
  expect(described.map(({ name, shape }) => [name, shape])).toEqual([
    ['t', [-1, 3, 5]],
    ['y', [-1, 3]],
    ['all', [2]],
    ['answer', [-1]],
  ]);
});

it('an input of unknown rank has the shape of model.json, with its batch axis, as in Triton', () => {
  const config = configOf({
    task: 'tensors',
    inputs: { x: { batch_axis: 0, shape: [null, 2] }, y: { shape: [3] } },
    outputs: { z: { batch_axis: 0, shape: [2] }, scalar: {} },
  });
  const unknown = (name: string) => ({ name, type: 'float32', shape: [] });
  const graphInputs = ['x', 'y', 'k'].map(unknown);
  const model = { config, graphInputs, graphOutputs: ['z', 'scalar'].map(unknown) };
  const shapes = (tensors: ReturnType<typeof inputsOf>) => tensors.map(({ name, shape }) => [name, shape]);
  expect(shapes(inputsOf(model))).toEqual([
    ['x', [-1, -1, 2]],
    ['y', [3]],
    ['k', []],
  ]);
  expect(shapes(outputsOf(model))).toEqual([
    ['z', [-1, 2]],
    ['scalar', [-1]],
    ['answer', [-1]],
  ]);
  const tensor = (name: string, shape: number[]) => ({
    name,
    datatype: 'FP32' as const,
    shape,
    elements: new Float32Array(shape.reduce((size, dim) => size * dim, 1)),
  });
  const rows = (k: number[]) =>
    rowsOfInputs([tensor('x', [2, 1, 2]), tensor('y', [3]), tensor('k', k)], model) as {
      readonly rows: readonly Record<string, { shape: number[] }>[];
    };
  for (const k of [[], [1]]) {
    const found = rows(k).rows.map((row) => [row['x']!.shape, row['y']!.shape, row['k']!.shape]);
    expect(found).toEqual([
      [[1, 2], [3], []],
      [[1, 2], [3], []],
    ]);
  }
  expect(() => rows([2])).toThrow(
    'The input "k" must be FP32 []; it came as FP32 [2]. If it is no scalar, declare inputs.k.shape in model.json.',
  );
});
