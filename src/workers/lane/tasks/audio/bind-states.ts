/**
 * The state that a graph carries from frame to frame. Throws ForebayError `config_mismatch`, which quotes config and
 * graph.
 */
import { describeAll, describeTensor, type GraphTensor } from '../../../../shared/models/graph-tensor.ts';
import type { StateConfig } from '../../../../shared/tasks/audio/audio-config.ts';
import { typeOf } from '../named-tensors/declared.ts';
import { copyElements } from '../named-tensors/element-buffer.ts';
import type { Elements, ElementType } from '../named-tensors/element-types.ts';
import { elementsIn, isFixed, type Shape } from '../named-tensors/shape.ts';
import type { GraphSignature } from '../task.ts';
import type { Outputs, TensorValue } from '../tensors.ts';
import { mismatch } from '../../../../shared/models/mismatch.ts';

export interface StateTensor {
  readonly input: string;
  readonly output: GraphTensor;
  readonly batchDim: number | string;
  /** Returns the state at the start of a row. */
  initial(): Elements;
  /** Puts the states of rows together along the batch axis. */
  feed(rows: readonly Elements[]): TensorValue;
  /** Returns the new state of each of the first `rows`. Throws an Error if the output has another shape. */
  take(outputs: Outputs, rows: number, batch: number): Elements[];
}

export function bindStates(config: readonly StateConfig[], graph: GraphSignature): readonly StateTensor[] {
  return config.map((state) => {
    const input = find('input', state.input, graph.inputs);
    const output = find('output', state.output, graph.outputs);
    const type = typeOf('input', input);
    if (output.type !== input.type) {
      throw mismatch(
        `model.json names "${input.name}" and "${output.name}" as one state`,
        `the graph has ${describeTensor(input)} and ${describeTensor(output)}`,
      );
    }
    return bindState(state, input, output, type);
  });
}

function find(what: 'input' | 'output', name: string, tensors: readonly GraphTensor[]): GraphTensor {
  const found = tensors.find((tensor) => tensor.name === name);
  if (found !== undefined) return found;
  throw mismatch(
    `model.json names the ${what} "${name}" in "state"`,
    `the graph has ${describeAll(tensors)}`,
  );
}

function bindState(
  { batch_axis: axis }: StateConfig,
  input: GraphTensor,
  output: GraphTensor,
  type: ElementType,
): StateTensor {
  const { shape } = input;
  const row: Shape = axis === null ? shape : shape.toSpliced(axis, 1);
  if ((axis ?? -1) >= shape.length || !isFixed(row)) {
    throw mismatch(
      `the state "${input.name}" has ${axis === null ? 'no batch' : `the batch on axis ${axis}`}`,
      `the graph has ${describeTensor(input)}: all other dimensions must be numbers`,
    );
  }
  const length = elementsIn(row);
  const outer = elementsIn(row.slice(0, axis ?? 0));
  const inner = length / Math.max(1, outer);
  const dimsOf = (rows: number) => (axis === null ? row : row.toSpliced(axis, 0, rows));
  return {
    input: input.name,
    output,
    batchDim: axis === null ? 1 : shape[axis]!,
    initial: () => type.allocate(length),
    feed(rows) {
      const data = type.allocate(rows.length * length);
      for (const [i, state] of rows.entries()) {
        for (let block = 0; block < outer; block++) {
          copyElements(state, block * inner, data, (block * rows.length + i) * inner, inner);
        }
      }
      return { type: type.dtype, dims: dimsOf(rows.length), data };
    },
    take(outputs, rows, batch) {
      const { dims, data } = outputs[output.name]!;
      const wanted = dimsOf(batch);
      if (dims.join() !== wanted.join()) {
        throw new Error(
          `the graph returned the state "${output.name}" [${dims.join()}] instead of [${wanted.join()}]`,
        );
      }
      return Array.from({ length: rows }, (_, i) => {
        const state = type.allocate(length);
        for (let block = 0; block < outer; block++) {
          copyElements(data as Elements, (block * batch + i) * inner, state, block * inner, inner);
        }
        return state;
      });
    },
  };
}
