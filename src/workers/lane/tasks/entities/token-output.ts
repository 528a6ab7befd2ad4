/** The output of a graph that scores the labels of each token. */
import { describeTensor, type GraphTensor } from '../../../../shared/models/graph-tensor.ts';
import { mismatch } from '../../../../shared/models/mismatch.ts';
import type { Activation } from '../../../../shared/tasks/classes/activation.ts';
import { chooseFloats } from '../choose-floats.ts';
import { toFloat32, type Outputs, type TensorValue } from '../tensors.ts';
import { toScores, type TokenScores } from './token-scores.ts';
import { counted } from '../../../../shared/text/counted.ts';

export interface TokenOutput {
  readonly output: GraphTensor;
  /** The scores of each of the first `rows`. Throws an Error if the output has another shape. */
  of(outputs: Outputs, rows: number): TokenScores[];
  /** For BoundTask.numbers: the numbers of the first token, which do not depend on the length of the call. */
  sample(outputs: Outputs, rows: number): Float32Array[];
  /** See BoundTask.check. */
  check(outputs: Outputs): void;
}

/** Throws ForebayError `config_mismatch`. */
export function bindTokenOutput(
  { output: named, activation }: { readonly output?: string | undefined; readonly activation: Activation },
  labels: number,
  outputs: readonly GraphTensor[],
): TokenOutput {
  const output = chooseFloats({
    named,
    outputs,
    fits: ({ shape }) => shape.length === 3,
    prefers: [({ shape }) => shape[2] === labels, ({ name }) => name === 'logits'],
    what: 'token-classification needs an output [batch, tokens, labels] of floats',
    holds: 'the scores of the labels',
  });
  checkLabels(output.shape[2]!);

  function checkLabels(classes: number | string): void {
    if (typeof classes !== 'number' || classes === labels) return;
    const what = `the labels file has ${counted(labels, 'name')}`;
    throw mismatch(
      what,
      `the graph's output ${describeTensor(output)} has ${counted(classes, 'number')} per token`,
      'give one label per number, in the order of the numbers',
    );
  }

  function rowsOf(all: Outputs, rows: number): { numbers: Float32Array[]; tokens: number; classes: number } {
    const { dims, data } = all[output.name]! as TensorValue;
    const [batch = 0, tokens = 0, classes = 0] = dims;
    if (dims.length !== 3 || batch < rows || classes !== labels) {
      throw new Error(`the graph returned [${dims.join(',')}] instead of [${rows}, tokens, ${labels}]`);
    }
    const numbers = toFloat32(data);
    const size = tokens * classes;
    return {
      numbers: Array.from({ length: rows }, (_, row) => numbers.subarray(row * size, (row + 1) * size)),
      tokens,
      classes,
    };
  }

  return {
    output,
    of(all, rows) {
      const { numbers, tokens, classes } = rowsOf(all, rows);
      return numbers.map((row) => toScores(row, tokens, classes, activation));
    },
    sample(all, rows) {
      const { numbers, classes } = rowsOf(all, rows);
      return numbers.map((row) => row.subarray(0, classes));
    },
    check: (all) => checkLabels(all[output.name]!.dims[2]!),
  };
}
