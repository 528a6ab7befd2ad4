/**
 * The states that a graph carries from frame to frame. A call returns the states of all its rows together, and they stay
 * together: if the next call has the same rows, it gets them without a copy.
 */
import { describeTensor, type GraphTensor } from '../../../../shared/models/graph-tensor.ts';
import type { StateConfig } from '../../../../shared/tasks/audio/audio-config.ts';
import { typeOf } from '../named-tensors/declared.ts';
import { copyElements } from '../named-tensors/element-buffer.ts';
import type { Elements, ElementType } from '../named-tensors/element-types.ts';
import { elementsIn, isFixed, type Shape } from '../named-tensors/shape.ts';
import type { GraphSignature } from '../task.ts';
import type { Feeds, Outputs, TensorValue } from '../tensors.ts';
import { mismatch, noSuchTensor } from '../../../../shared/models/mismatch.ts';

/** The states of the rows of one call. Nobody changes them. */
export interface CarriedStates {
  /** One per state of the model. */
  readonly values: readonly Elements[];
  /** Number of rows in each of them. */
  readonly rows: number;
}

/** Where a row's states are. */
export interface StatePosition {
  readonly carried: CarriedStates;
  readonly at: number;
}

export interface FrameStates {
  /** The graph's outputs that carry states. */
  readonly outputs: readonly GraphTensor[];
  /** The graph's batch dimension of each state. 1 if a state has none. */
  readonly batchDims: readonly (number | string)[];
  /** Of a row that has not begun. */
  readonly initial: StatePosition;
  /** The states of these rows, in this order. */
  feeds(rows: readonly StatePosition[]): Feeds;
  /** The states after a call of so many rows. Throws an Error if an output has another shape. */
  take(outputs: Outputs, rows: number): CarriedStates;
}

/** Throws ForebayError `config_mismatch`, which quotes config and graph. */
export function bindStates(config: readonly StateConfig[], graph: GraphSignature): FrameStates {
  const states = config.map((state) => {
    const input = find('input', state.input, graph.inputs);
    const output = find('output', state.output, graph.outputs);
    const type = typeOf('input', input);
    if (output.type !== input.type) {
      throw mismatch(
        `model.json names "${input.name}" and "${output.name}" as one state`,
        `the graph has ${describeTensor(input)} and ${describeTensor(output)}`,
        'the input and the output of a state have one type and one shape: correct "state"',
      );
    }
    return bindState(state, input, output, type);
  });
  return {
    outputs: states.map(({ output }) => output),
    batchDims: states.map(({ batchDim }) => batchDim),
    initial: { carried: { values: states.map(({ initial }) => initial), rows: 1 }, at: 0 },
    feeds(rows) {
      const stretches = stretchesOf(rows);
      return Object.fromEntries(
        states.map((state, i) => [state.input, state.feed(stretches, i, rows.length)]),
      ) as Feeds;
    },
    take: (outputs, rows) => ({ values: states.map((state) => state.take(outputs, rows)), rows }),
  };
}

/** Rows that follow each other in the same call. */
interface Stretch {
  readonly carried: CarriedStates;
  readonly from: number;
  length: number;
}

function stretchesOf(rows: readonly StatePosition[]): readonly Stretch[] {
  const stretches: Stretch[] = [];
  for (const { carried, at } of rows) {
    const last = stretches.at(-1);
    if (last?.carried === carried && last.from + last.length === at) last.length += 1;
    else stretches.push({ carried, from: at, length: 1 });
  }
  return stretches;
}

function find(what: 'input' | 'output', name: string, tensors: readonly GraphTensor[]): GraphTensor {
  const found = tensors.find((tensor) => tensor.name === name);
  if (found !== undefined) return found;
  throw noSuchTensor(`model.json names the ${what} "${name}" in "state"`, name, tensors);
}

interface StateTensor {
  readonly input: string;
  readonly output: GraphTensor;
  readonly batchDim: number | string;
  readonly initial: Elements;
  /** `state`: the position of this state in CarriedStates. */
  feed(stretches: readonly Stretch[], state: number, rows: number): TensorValue;
  take(outputs: Outputs, rows: number): Elements;
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
      `the graph has ${describeTensor(input)}`,
      'all other dimensions must be numbers, so correct its batch_axis, or export the graph with fixed sizes',
    );
  }
  const length = elementsIn(row);
  const outer = elementsIn(row.slice(0, axis ?? 0));
  const inner = length / Math.max(1, outer);
  const dimsOf = (rows: number) => (axis === null ? row : row.toSpliced(axis, 0, rows));

  function gather(stretches: readonly Stretch[], state: number, rows: number): Elements {
    const [first] = stretches;
    if (stretches.length === 1 && first!.length === first!.carried.rows) return first!.carried.values[state]!;
    const data = type.allocate(rows * length);
    let to = 0;
    for (const { carried, from, length: some } of stretches) {
      const values = carried.values[state]!;
      for (let block = 0; block < outer; block++) {
        const source = (block * carried.rows + from) * inner;
        copyElements(values, source, data, (block * rows + to) * inner, some * inner);
      }
      to += some;
    }
    return data;
  }

  return {
    input: input.name,
    output,
    batchDim: axis === null ? 1 : shape[axis]!,
    initial: type.allocate(length),
    feed: (stretches, state, rows) => ({
      type: type.dtype,
      dims: dimsOf(rows),
      data: gather(stretches, state, rows),
    }),
    take(outputs, rows) {
      const { dims, data } = outputs[output.name]!;
      const wanted = dimsOf(rows);
      if (dims.join() !== wanted.join()) {
        throw new Error(
          `the graph returned the state "${output.name}" [${dims.join()}] instead of [${wanted.join()}]`,
        );
      }
      return data as Elements;
    },
  };
}
