/**
 * Checks that a graph takes tokens, and says how to feed it. Throws `config_mismatch`, which quotes config and graph.
 * Pure.
 */
import { describeAll, describeTensor, type GraphTensor } from '../../../shared/models/graph-tensor.ts';
import { mismatch } from '../../../shared/models/mismatch.ts';
import { counted } from '../../../shared/text/counted.ts';

export interface TextInputFit {
  readonly inputs: readonly GraphTensor[];
  /** The graph's fixed batch dimension. Null if it takes batches of any size. */
  readonly fixedBatch: number | null;
  /** The graph's fixed number of tokens. Null if it takes any number. */
  readonly fixedLength: number | null;
  /** Whether the graph has an attention mask, which tells it which tokens are padding. */
  readonly hasMask: boolean;
}

export const INPUT_IDS = 'input_ids';
export const ATTENTION_MASK = 'attention_mask';
export const TOKEN_TYPE_IDS = 'token_type_ids';
const NAMES: readonly string[] = [INPUT_IDS, ATTENTION_MASK, TOKEN_TYPE_IDS];
/** For a graph with other inputs. */
const OTHERWISE = 'rename its inputs when you export it, or use the task "tensors"';
const TYPES: readonly string[] = ['int64', 'int32'];

export function fitTextInputs(
  inputs: readonly GraphTensor[],
  { max_length }: { readonly max_length: number },
): TextInputFit {
  for (const input of inputs) checkInput(input, inputs);
  if (!inputs.some(({ name }) => name === INPUT_IDS)) {
    throw mismatch(
      `a text model has an input "${INPUT_IDS}"`,
      `the graph has ${describeAll(inputs)}`,
      OTHERWISE,
    );
  }
  const fixedLength = sameDimension(inputs, 1);
  if (fixedLength !== null && fixedLength < max_length) {
    throw mismatch(
      `max_length is ${max_length}`,
      `the graph takes ${counted(fixedLength, 'token')} (${describeAll(inputs)})`,
      `set max_length to ${fixedLength} or less`,
    );
  }
  return {
    inputs,
    fixedBatch: sameDimension(inputs, 0),
    fixedLength,
    hasMask: inputs.some(({ name }) => name === ATTENTION_MASK),
  };
}

function checkInput(input: GraphTensor, inputs: readonly GraphTensor[]): void {
  const { name, type, shape } = input;
  if (name === 'position_ids') {
    throw mismatch(
      'Forebay does not number the tokens of a text',
      `the graph has an input ${describeTensor(input)}`,
      `export it so that it computes its positions itself, as Optimum does for feature-extraction and text-classification`,
    );
  }
  if (!NAMES.includes(name)) {
    throw mismatch(
      `a text model has the inputs ${NAMES.join(', ')}`,
      `the graph has ${describeAll(inputs)}`,
      OTHERWISE,
    );
  }
  if (!TYPES.includes(type) || shape.length !== 2) {
    throw mismatch(
      `${name} is a tensor [batch, tokens] of ${TYPES.join(' or ')}`,
      `the graph's input is ${describeTensor(input)}`,
      'export it again, or use the task "tensors"',
    );
  }
}

/** Null if it is free in all inputs. */
function sameDimension(inputs: readonly GraphTensor[], axis: number): number | null {
  const fixed = new Set(inputs.map(({ shape }) => shape[axis]!).filter((dim) => typeof dim === 'number'));
  if (fixed.size > 1) {
    throw mismatch(
      'all inputs of a text model have one shape',
      `the graph has ${describeAll(inputs)}`,
      'export it again with the same dimensions for all inputs',
    );
  }
  const [dim = null] = fixed;
  return dim;
}
