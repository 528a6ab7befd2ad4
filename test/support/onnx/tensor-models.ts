// Small graphs for the task "tensors", and their model folders.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeOnnx, type Dim, type ElementType, type Graph } from './graph.ts';
import { step } from './mean-model.ts';
import { checkedConfig } from './models.ts';

/** Writes a model folder of the task "tensors". `more` holds more fields of model.json. */
export function writeTensorModel(dir: string, graph: Buffer, more: object = {}) {
  mkdirSync(dir, { recursive: true });
  const config = { name: 'm', task: 'tensors', ...more };
  writeFileSync(join(dir, 'model.onnx'), graph);
  writeFileSync(join(dir, 'model.json'), JSON.stringify(config));
  return { dir, config: checkedConfig(config), named: [] };
}

/** The output `y` is the input `x`. */
export function identityModel(type: ElementType, shape: readonly Dim[] | null): Buffer {
  return graphOf({
    inputs: [{ name: 'x', type, shape }],
    outputs: [{ name: 'y', type, shape }],
    operators: [step('Identity', ['x'], 'y')],
  });
}

/** Writes a graph. `weights` is optional. */
export function graphOf(graph: Omit<Graph, 'weights'> & Partial<Graph>): Buffer {
  return writeOnnx({ weights: [], ...graph });
}

/**
 * `a` and `b` hold two floats per row, and `c` is a scalar. Both outputs hold a + b + c. The batch is the first axis of
 * `a` and `sum`, and the second axis of `b` and `turned`.
 */
export function twoAxesModel(batch: Dim = 'batch'): Buffer {
  return graphOf({
    inputs: [
      { name: 'a', type: 'float32', shape: [batch, 2] },
      { name: 'b', type: 'float32', shape: [2, batch] },
      { name: 'c', type: 'float32', shape: [] },
    ],
    outputs: [
      { name: 'sum', type: 'float32', shape: [batch, 2] },
      { name: 'turned', type: 'float32', shape: [2, batch] },
    ],
    operators: [
      step('Transpose', ['b'], 'upright', { perm: [1, 0] }),
      step('Add', ['a', 'upright'], 'both'),
      step('Add', ['both', 'c'], 'sum'),
      step('Transpose', ['sum'], 'turned', { perm: [1, 0] }),
    ],
  });
}

/** `total` is the sum of each row of `x`. Rows may have any length. */
export function totalModel(): Buffer {
  return graphOf({
    inputs: [{ name: 'x', type: 'float32', shape: ['N', 'length'] }],
    outputs: [{ name: 'total', type: 'float32', shape: ['N'] }],
    operators: [step('ReduceSum', ['x', 'last'], 'total', { keepdims: 0 })],
    weights: [{ name: 'last', type: 'int64', shape: [1], data: [1] }],
  });
}
