// Graphs that take tokens and give known answers.
import { elementNumber, writeOnnx, type ElementType, type Operator, type Value } from './graph.ts';
import { floats, step } from './mean-model.ts';

export interface TextGraph {
  /** The numbers of each token of the vocabulary. */
  readonly table: readonly (readonly number[])[];
  /** Names of the inputs other than `input_ids`. */
  readonly inputs?: readonly string[];
  readonly type?: ElementType;
  readonly batch?: number | string;
  readonly length?: number | string;
  readonly output?: string;
}

const ALL = ['attention_mask', 'token_type_ids'];

/** A graph that returns the numbers of each token, [batch, tokens, width]. */
export function tokenTable(graph: TextGraph): Buffer {
  const { output = 'last_hidden_state' } = graph;
  return textGraph(graph, [step('Gather', ['table', 'input_ids'], output, { axis: 0 })], {
    name: output,
    type: 'float32',
    shape: [graph.batch ?? 'batch', graph.length ?? 'tokens', graph.table[0]!.length],
  });
}

/** A graph that returns the maximum of each column over all tokens, padding tokens included, [batch, width]. */
export function largestOfTokens(graph: TextGraph): Buffer {
  const { output = 'logits' } = graph;
  return textGraph(
    graph,
    [
      step('Gather', ['table', 'input_ids'], 'tokens_', { axis: 0 }),
      step('ReduceMax', ['tokens_'], output, { axes: [1], keepdims: 0 }),
    ],
    { name: output, type: 'float32', shape: [graph.batch ?? 'batch', graph.table[0]!.length] },
  );
}

/** A graph with two outputs [batch, width]: the maximum of each column over all tokens, and the negated maximum. */
export function largestAndNegated(
  graph: Omit<TextGraph, 'output'>,
  [largest, negated]: readonly [string, string],
): Buffer {
  const shape = [graph.batch ?? 'batch', graph.table[0]!.length];
  return textGraph(
    graph,
    [
      step('Gather', ['table', 'input_ids'], 'tokens_', { axis: 0 }),
      step('ReduceMax', ['tokens_'], largest, { axes: [1], keepdims: 0 }),
      step('Neg', [largest], negated),
    ],
    { name: largest, type: 'float32', shape },
    { name: negated, type: 'float32', shape },
  );
}

/** A graph that returns an input as floats, [batch, tokens]. */
export function echoInput(echoed = 'input_ids', graph: Partial<TextGraph> = {}): Buffer {
  return textGraph(
    { table: [[0]], ...graph },
    [step('Cast', [echoed], 'echo', { to: elementNumber('float32') })],
    { name: 'echo', type: 'float32', shape: [graph.batch ?? 'batch', graph.length ?? 'tokens'] },
  );
}

function textGraph(graph: TextGraph, operators: readonly Operator[], ...outputs: Value[]): Buffer {
  const { table, inputs = ALL, type = 'int64', batch = 'batch', length = 'tokens' } = graph;
  return writeOnnx({
    inputs: ['input_ids', ...inputs].map((name) => ({ name, type, shape: [batch, length] })),
    outputs,
    operators,
    weights: [floats('table', [table.length, table[0]!.length], table.flat())],
  });
}
