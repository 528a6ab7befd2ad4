// What a model's metadata says must be what `infer` takes and answers.
import { expect, it } from 'vitest';
import { inputsOf, outputsOf } from '#forebay/api/http/oip/model-metadata.js';
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
