/** Guesses the config of the task `tensors`, which fits any graph, from its shapes and the hints. Pure. */
import { sum } from '../../../shared/math/sum.ts';
import { CHOOSE_VALUE, KEEPS_VALUE } from '../../../shared/models/default-value.ts';
import { describeAll, describeTensor, type GraphTensor } from '../../../shared/models/graph-tensor.ts';
import type { GraphFace } from '../../../shared/models/onnx-graph.ts';
import { canCarry, elementBytes } from '../../../shared/tasks/tensors/dtypes.ts';
import type { Hints } from '../hints.ts';
import { findBatch, withAxes, type Batch } from './find-batch.ts';
import { BATCHING, mismatch, type ConfigGuess, type Guesser } from './guesser.ts';

export const tensors: Guesser = {
  task: 'tensors',
  takes: 'any graph',
  takesInputs: () => true,
  fits: () => true,
  guess,
};

function guess(face: GraphFace, name: string, hints: Hints): ConfigGuess {
  const facts = [`inputs  ${describeAll(face.inputs)}`, `outputs ${describeAll(face.outputs)}`];
  const guesses: string[] = [];
  const { values, shapes, batchAxes } = hints;
  checkNames('--value names the input', values, face.inputs, face);
  checkNames('--shape names the input', shapes, face.inputs, face);
  checkNames('--batch-axis names', batchAxes, [...face.inputs, ...face.outputs], face);
  const own = face.inputs.filter((input) => !isShared(input, hints));
  const batch = withAxes(findBatch(own, face.outputs), batchAxes);
  (batch.isCertain ? facts : guesses).push(`batch   ${batch.why}`);
  const inputs = Object.fromEntries(
    face.inputs.map((input) => [input.name, inputConfig(input, batch, hints, guesses)]),
  );
  const outputs = chosenOutputs(face, hints, facts);
  const config = {
    name,
    task: 'tensors',
    inputs,
    outputs: Object.fromEntries(
      outputs.map((output) => [output.name, outputConfig(output, batch, hints, guesses)]),
    ),
    row_bytes: rowBytes([...own, ...outputs], batch, hints, guesses),
    batching: BATCHING,
  };
  return { config, facts, guesses };
}

function isShared({ name }: GraphTensor, { values }: Hints): boolean {
  const given = values.get(name);
  return given !== undefined && given !== 'row';
}

const HAS_VALUE = `${KEEPS_VALUE}: leave the flag out, or, ${CHOOSE_VALUE}`;

/** `what`: the beginning of the message. */
function checkNames(
  what: string,
  given: ReadonlyMap<string, unknown>,
  tensorsOfGraph: readonly GraphTensor[],
  { defaults }: GraphFace,
): void {
  for (const name of given.keys()) {
    if (tensorsOfGraph.some((tensor) => tensor.name === name)) continue;
    if (defaults.some((tensor) => tensor.name === name))
      throw mismatch(`${what} "${name}", but ${HAS_VALUE}`);
    throw mismatch(`${what} "${name}", but the graph has ${describeAll(tensorsOfGraph)}`);
  }
}

function inputConfig(
  input: GraphTensor,
  batch: Batch,
  { values, shapes, batchAxes }: Hints,
  guesses: string[],
): object {
  const given = values.get(input.name);
  if (given !== undefined && given !== 'row') return { value: given.value };
  const axis = batch.axisOf(input);
  const shape = shapes.get(input.name);
  const shaped = shape === undefined ? {} : { shape };
  if (axis !== null || batch.isNone || batchAxes.has(input.name)) return { batch_axis: axis, ...shaped };
  if (given === undefined && input.shape.every((dim) => dim === 1)) {
    throw mismatch(
      `the input ${describeTensor(input)} has no batch axis: pass --value ${input.name}=JSON if all rows share it, such as --value ${input.name}=1, or --value ${input.name}=row if each row gives its own (each row then has a model call of its own)`,
    );
  }
  if (given === undefined) {
    guesses.push(
      `inputs.${input.name}.batch_axis null: each row gives it whole and has a model call of its own; --value ${input.name}=JSON shares one value among all rows`,
    );
  }
  return { batch_axis: null, ...shaped };
}

function chosenOutputs(face: GraphFace, { outputNames }: Hints, facts: string[]): readonly GraphTensor[] {
  const unknown = outputNames.find((name) => !face.outputs.some((output) => output.name === name));
  if (unknown !== undefined) {
    throw mismatch(`--output-name names "${unknown}", but the graph has ${describeAll(face.outputs)}`);
  }
  const named = face.outputs.filter(({ name }) => outputNames.length === 0 || outputNames.includes(name));
  const outputs = named.filter(canCarry);
  const left = named.filter((output) => !canCarry(output)).map(({ name }) => `"${name}"`);
  if (outputs.length === 0) {
    throw mismatch(
      `onnxruntime-node can carry no output of the graph, which has ${describeAll(face.outputs)}: export the model in float32`,
    );
  }
  if (left.length > 0) facts.push(`left out, because onnxruntime-node cannot carry it: ${left.join(', ')}`);
  return outputs;
}

function outputConfig(output: GraphTensor, batch: Batch, { batchAxes }: Hints, guesses: string[]): object {
  const { name } = output;
  if (batch.isNone) return {};
  const axis = batch.axisOf(output);
  if (axis !== null || batchAxes.has(name)) return { batch_axis: axis };
  guesses.push(
    `outputs.${name}.batch_axis 0: the shape of ${describeTensor(output)} does not show its batch; --batch-axis ${name}=AXIS sets it`,
  );
  return { batch_axis: 0 };
}

/** Bytes of one row's inputs and outputs. */
function rowBytes(used: readonly GraphTensor[], batch: Batch, { shapes }: Hints, guesses: string[]): number {
  const free: string[] = [];
  const bytes = used.filter(canCarry).map((tensor) => {
    const axis = batch.isNone ? null : batch.axisOf(tensor);
    const shape = shapes.get(tensor.name) ?? tensor.shape.filter((_, at) => at !== axis);
    if (shape.some((dim) => typeof dim === 'string')) free.push(tensor.name);
    return shape.reduce<number>(
      (size, dim) => size * (typeof dim === 'number' ? Math.max(1, dim) : 1),
      elementBytes(tensor.type),
    );
  });
  const total = Math.max(1, sum(bytes));
  if (free.length > 0) {
    guesses.push(
      `row_bytes ${total}: free dimensions of ${free.join(', ')} count as 1; set it to the bytes of a usual row, because batch sizes follow from it`,
    );
  }
  return total;
}
