/**
 * Where contract and graph must agree: from the graph's own description and the contract to the one way of
 * feeding it, or `contract_mismatch` with both sides named. Pure.
 */
import type { ModelContract } from '../../../shared/domain/model-contract.ts';
import { ForebayError } from '../../../shared/errors.ts';
import type { InputType, Layout } from '../preprocess/tensor-filler.ts';

/** A graph's input or output; symbolic dimensions are strings. */
export interface GraphValue {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly (number | string)[];
}

export interface GraphFit {
  readonly input: GraphValue;
  readonly output: GraphValue;
  readonly inputType: InputType;
  readonly layout: Layout;
  /** The graph's fixed batch dimension; null when dynamic. */
  readonly fixedBatch: number | null;
}

const INPUT_TYPES: readonly string[] = ['float32', 'float16', 'uint8'] satisfies InputType[];
const OUTPUT_TYPES: readonly string[] = ['float32', 'float16', 'float64'];

export function fitGraph(
  contract: ModelContract,
  labels: readonly string[] | null,
  inputs: readonly GraphValue[],
  outputs: readonly GraphValue[],
): GraphFit {
  const [input] = inputs;
  if (input === undefined || inputs.length !== 1) {
    throw mismatch('an image model has one input', `the graph has ${describeAll(inputs)}`);
  }
  if (!INPUT_TYPES.includes(input.type)) {
    throw mismatch(`an image tensor is ${INPUT_TYPES.join(', ')}`, `the graph's input is ${describe(input)}`);
  }
  const layout = findLayout(contract, input);
  if (input.type === 'uint8') checkIdentity(contract, input);
  const output = findOutput(outputs);
  checkClasses(labels, classesOf(output.shape), output);
  const batch = input.shape[0]!;
  return {
    input,
    output,
    inputType: input.type as InputType,
    layout,
    fixedBatch: typeof batch === 'number' ? batch : null,
  };
}

/** Labels against the number of classes; null classes: known only after a run. */
export function checkClasses(
  labels: readonly string[] | null,
  classes: number | null,
  output: GraphValue,
): void {
  if (labels === null || classes === null || labels.length === classes) return;
  throw mismatch(
    `the labels file has ${labels.length} names`,
    `the graph's output ${describe(output)} has ${classes} classes`,
  );
}

/** Classes of a shape `[batch, classes]`, trailing dimensions of 1 left out; null when symbolic. */
export function classesOf(shape: readonly (number | string)[]): number | null {
  const classes = flattened(shape)[1];
  return typeof classes === 'number' ? classes : null;
}

/** `[N, C, 1, 1]` is `[N, C]`. */
export function flattened(shape: readonly (number | string)[]): readonly (number | string)[] {
  let rank = shape.length;
  while (rank > 2 && shape[rank - 1] === 1) rank -= 1;
  return shape.slice(0, rank);
}

function findLayout({ preprocess }: ModelContract, input: GraphValue): Layout {
  const { shape } = input;
  if (shape.length !== 4) {
    throw mismatch('an image tensor has 4 dimensions', `the graph's input is ${describe(input)}`);
  }
  const isNhwc = shape[3] === 3 && shape[1] !== 3;
  const [channels, height, width] = isNhwc ? [shape[3], shape[1], shape[2]] : shape.slice(1);
  if (typeof channels === 'number' && channels !== 3) {
    throw mismatch('images are fed with 3 channels', `the graph's input is ${describe(input)}`);
  }
  for (const side of [height, width]) {
    if (typeof side === 'number' && side !== preprocess.crop) {
      throw mismatch(`preprocess.crop is ${preprocess.crop}`, `the graph's input is ${describe(input)}`);
    }
  }
  return isNhwc ? 'nhwc' : 'nchw';
}

/** A uint8 tensor holds pixels: anything else the contract asks for would be lost in it. */
function checkIdentity({ preprocess: { rescale, mean, std } }: ModelContract, input: GraphValue): void {
  if (rescale === 1 && mean.every((m) => m === 0) && std.every((s) => s === 1)) return;
  throw mismatch(
    'preprocess asks for normalised values (rescale, mean, std)',
    `the graph's input ${describe(input)} takes raw pixels: set rescale 1, mean [0], std [1]`,
  );
}

function findOutput(outputs: readonly GraphValue[]): GraphValue {
  const found = outputs.find((o) => OUTPUT_TYPES.includes(o.type) && flattened(o.shape).length === 2);
  if (found !== undefined) return found;
  throw mismatch(
    'image-classification needs an output [batch, classes] of floats',
    `the graph has ${describeAll(outputs)}`,
  );
}

function describeAll(values: readonly GraphValue[]): string {
  return values.map(describe).join(' and ') || 'none';
}

function describe({ name, type, shape }: GraphValue): string {
  return `"${name}" ${type}[${shape.map((d) => (d === '' ? '?' : d)).join(',')}]`;
}

function mismatch(contract: string, graph: string): ForebayError {
  return new ForebayError('contract_mismatch', `${contract}, but ${graph}`);
}
