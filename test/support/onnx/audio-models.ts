// Small graphs that take waveforms, created by the test.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { testFolder, type LoadableModel } from '../lanes.ts';
import { writeOnnx, type Dim } from './graph.ts';
import { floats, ints, step } from './mean-model.ts';
import { checkedConfig, writeLabels } from './models.ts';

/** A model folder of the task "audio" with a sample rate of 1000 Hz. `more` holds more fields of model.json. */
export function audioModel(graph: Buffer, more: object = {}, labels?: readonly string[]): LoadableModel {
  const dir = testFolder();
  writeFileSync(join(dir, 'model.onnx'), graph);
  const named = labels === undefined ? [] : [writeLabels(dir, labels)];
  const own = { name: 'm', task: 'audio', sample_rate: 1000, ...more };
  return { dir, config: checkedConfig({ ...own, ...(labels && { labels: 'labels.txt' }) }), named };
}

/** The output `same` is the waveform itself, in any shape. */
export function echoWave(...shape: Dim[]): Buffer {
  return writeOnnx({
    inputs: [{ name: 'wave', type: 'float32', shape }],
    outputs: [{ name: 'same', type: 'float32', shape }],
    operators: [step('Identity', ['wave'], 'same')],
    weights: [],
  });
}

/**
 * `total` is the sum of `offset` and all samples so far, 4 per frame. The batch is the second axis of the state. The graph
 * fails if the last sample of a frame is 3 or more.
 */
export function runningTotal(batch: Dim = 'N'): Buffer {
  return writeOnnx({
    inputs: [
      { name: 'wave', type: 'float32', shape: [batch, 4] },
      { name: 'before', type: 'float32', shape: [1, batch] },
      { name: 'offset', type: 'float32', shape: [] },
    ],
    outputs: [
      { name: 'total', type: 'float32', shape: [batch, 1] },
      { name: 'after', type: 'float32', shape: [1, batch] },
    ],
    operators: [
      step('Gather', ['wave', 'last'], 'choice', { axis: 1 }),
      step('Cast', ['choice'], 'index', { to: 7 }),
      step('Gather', ['zeros', 'index'], 'nothing', { axis: 0 }),
      step('MatMul', ['wave', 'ones'], 'samples'),
      step('Add', ['samples', 'nothing'], 'own'),
      step('Transpose', ['before'], 'upright', { perm: [1, 0] }),
      step('Add', ['own', 'upright'], 'sum'),
      step('Transpose', ['sum'], 'after', { perm: [1, 0] }),
      step('Add', ['sum', 'offset'], 'total'),
    ],
    weights: [floats('ones', [4, 1], [1, 1, 1, 1]), ints('last', [3]), floats('zeros', [3], [0, 0, 0])],
  });
}

/** `total` is the sum of this frame and all earlier frames, for each of the 2 samples. No tensor has a batch axis. */
export function runningTotalAlone(): Buffer {
  return writeOnnx({
    inputs: [
      { name: 'wave', type: 'float32', shape: [2] },
      { name: 'before', type: 'float32', shape: [2] },
    ],
    outputs: [
      { name: 'total', type: 'float32', shape: [2] },
      { name: 'after', type: 'float32', shape: [2] },
    ],
    operators: [step('Add', ['wave', 'before'], 'total'), step('Identity', ['total'], 'after')],
    weights: [],
  });
}

/** The two logits of a frame are its first two samples. The graph fails if the third sample is 3 or more. */
export function firstTwo(): Buffer {
  return writeOnnx({
    inputs: [{ name: 'wave', type: 'float32', shape: ['N', 3] }],
    outputs: [{ name: 'logits', type: 'float32', shape: ['N', 2] }],
    operators: [
      step('Gather', ['wave', 'firsts'], 'two', { axis: 1 }),
      step('Gather', ['wave', 'third'], 'choice', { axis: 1 }),
      step('Cast', ['choice'], 'index', { to: 7 }),
      step('Gather', ['zeros', 'index'], 'nothing', { axis: 0 }),
      step('Add', ['two', 'nothing'], 'logits'),
    ],
    weights: [ints('firsts', [0, 1]), ints('third', [2]), floats('zeros', [3], [0, 0, 0])],
  });
}

/**
 * The logits of three classes follow from the mean and the mean distance from zero of a waveform, as `logitsOf` in the
 * tests computes them. `mask`: the type of an input that says which samples count.
 */
export function loudnessClasses({ mask, input = 'input_values' }: LoudnessGraph = {}): Buffer {
  const masks =
    mask === undefined ? [] : [{ name: 'attention_mask', type: mask, shape: ['batch', 'samples'] }];
  const counted = mask === undefined ? input : 'counted';
  return writeOnnx({
    inputs: [{ name: input, type: 'float32', shape: ['batch', 'samples'] }, ...masks],
    outputs: [{ name: 'logits', type: 'float32', shape: ['batch', 3] }],
    operators: [
      ...(mask === undefined
        ? []
        : [step('Cast', ['attention_mask'], 'count', { to: 1 }), step('Mul', [input, 'count'], 'counted')]),
      step('Abs', [counted], 'distances'),
      step('ReduceMean', [counted], 'mean', { axes: [1] }),
      step('ReduceMean', ['distances'], 'distance', { axes: [1] }),
      step('Concat', ['mean', 'distance'], 'both', { axis: 1 }),
      ...(mask === undefined
        ? [step('Identity', ['both'], 'means')]
        : [step('ReduceMean', ['count'], 'share', { axes: [1] }), step('Div', ['both', 'share'], 'means')]),
      step('MatMul', ['means', 'weights'], 'weighed'),
      step('Add', ['weighed', 'bias'], 'logits'),
    ],
    weights: [floats('weights', [2, 3], LOUDNESS.weights.flat()), floats('bias', [3], LOUDNESS.bias)],
  });
}

interface LoudnessGraph {
  readonly mask?: 'int64' | 'int32' | 'bool' | 'float32';
  readonly input?: string;
}

/** `weights`: of the mean and of the mean distance, for each class. */
export const LOUDNESS = {
  weights: [
    [9, -9, 3],
    [4, 0, -4],
  ],
  bias: [-3.2, 0, 3],
};
