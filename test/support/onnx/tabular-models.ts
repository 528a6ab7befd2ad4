// Small graphs that take columns, created by the test.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { testFolder, type LoadableModel } from '../lanes.ts';
import { writeOnnx, type Dim, type ElementType, type Operator, type Value, type Weights } from './graph.ts';
import { floats, step } from './mean-model.ts';
import { checkedConfig, writeLabels } from './models.ts';

/** A folder with this graph. `config` is complete except for name and task. */
export function tabularModel(graph: Buffer, config: object, labels?: readonly string[]): LoadableModel {
  const dir = testFolder();
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'model.onnx'), graph);
  const named = labels === undefined ? [] : [writeLabels(dir, labels)];
  const whole = { name: 'm', task: 'tabular', ...config, ...(labels && { labels: 'labels.txt' }) };
  return { dir, config: checkedConfig(whole), named };
}

export function tensor(name: string, type: ElementType, ...shape: Dim[]): Value {
  return { name, type, shape };
}

/** A graph with the input `X`, float32[N,3], and these operators. */
export function featuresGraph(
  operators: readonly Operator[],
  outputs: readonly Value[],
  batch: Dim = 'N',
  weights: readonly Weights[] = [],
): Buffer {
  return writeOnnx({
    inputs: [tensor('X', 'float32', batch, 3)],
    outputs,
    operators,
    weights: [floats('weights', [3, 1], [100, 10, 1]), ...weights],
  });
}

/** Three scores: the features themselves. */
export const SCORES = featuresGraph(
  [step('Identity', ['X'], 'scores')],
  [tensor('scores', 'float32', 'N', 3)],
);

/** One number: 100 a + 10 b + c. */
export function sumGraph(batch: Dim = 'N'): Buffer {
  return featuresGraph(
    [step('MatMul', ['X', 'weights'], 'variable')],
    [tensor('variable', 'float32', batch, 1)],
    batch,
  );
}

/** Returns each input `NAME` unchanged as the output `NAME_out`. */
export function echoGraph(inputs: readonly Value[]): Buffer {
  return writeOnnx({
    inputs,
    outputs: inputs.map(({ name, type, shape }) => ({ name: `${name}_out`, type, shape })),
    operators: inputs.map(({ name }) => step('Identity', [name], `${name}_out`)),
    weights: [],
  });
}

/** A classifier that ends in ZipMap, as skl2onnx writes it by default. */
export function zipMapGraph(): Buffer {
  return featuresGraph(
    [
      step('ArgMax', ['X'], 'output_label', { axis: 1, keepdims: 0 }),
      {
        ...step('ZipMap', ['X'], 'output_probability', { classlabels_int64s: [0, 1, 2] }),
        domain: 'ai.onnx.ml',
      },
    ],
    [tensor('output_label', 'int64', 'N'), { name: 'output_probability', type: 'maps', shape: [] }],
  );
}
