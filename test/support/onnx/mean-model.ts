// Writes test models whose first operators compute the mean value of each image.
import { writeOnnx, type Dim, type Operator, type Value, type Weights } from './graph.ts';

/** A model whose operators begin with `mean`, the mean value of each image (shape [N]), and end with `scores`. */
export function meanModel(
  side: number,
  operators: readonly Operator[],
  more: {
    readonly batch?: Dim;
    readonly outputs?: readonly Value[];
    readonly weights?: readonly Weights[];
  } = {},
): Buffer {
  const { batch = 'N', outputs = [scoresOutput(2, batch)], weights = [] } = more;
  return writeOnnx({
    inputs: [{ name: 'image', type: 'float32', shape: [batch, 3, side, side] }],
    outputs,
    operators: [step('ReduceMean', ['image'], 'mean', { axes: [1, 2, 3], keepdims: 0 }), ...operators],
    weights: [
      floats('two', [], [2]),
      floats('table', [1, 2], [1, 0]),
      ints('square', [2048, 2048]),
      ints('column', [-1, 1]),
      ...weights,
    ],
  });
}

export function scoresOutput(classes: number, batch: Dim = 'N'): Value {
  return { name: 'scores', type: 'float32', shape: [batch, classes] };
}

export function step(
  type: string,
  inputs: readonly string[],
  output: string,
  attributes: Operator['attributes'] = {},
): Operator {
  return { type, inputs, output, attributes };
}

export function floats(name: string, shape: readonly number[], data: readonly number[]): Weights {
  return { name, type: 'float32', shape, data };
}

export function ints(name: string, data: readonly number[]): Weights {
  return { name, type: 'int64', shape: [data.length], data };
}
