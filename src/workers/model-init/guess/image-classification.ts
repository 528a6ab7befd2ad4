/** Guesses the config of an image classifier from its graph and the hints, and lists where each value comes from. Pure. */
import { ForebayError } from '../../../shared/errors.ts';
import { possibleOutputs } from '../../../shared/tasks/classes/class-scores.ts';
import {
  classesOf,
  describeAll,
  describeTensor,
  flattened,
  imageDims,
  layoutOf,
  type GraphTensor,
} from '../../../shared/models/graph-tensor.ts';
import type { GraphFace } from '../../../shared/models/onnx-graph.ts';
import { chooseActivation } from './choose-activation.ts';
import { guessPreprocess } from '../guess-preprocess.ts';
import type { Hints } from '../hints.ts';
import { BATCHING, type ConfigGuess, type Guesser } from './guesser.ts';

export const imageClassification: Guesser = {
  task: 'image-classification',
  takes: 'one input [batch, 3 or 1, height, width] and an output [batch, classes]',
  fits: ({ inputs, outputs }) =>
    inputs.length === 1 && isImage(inputs[0]!) && outputs.some(({ shape }) => flattened(shape).length === 2),
  guess: guessConfig,
};

const PIXELS: readonly string[] = ['float32', 'float16', 'uint8'];

function isImage({ shape, type }: GraphTensor): boolean {
  if (shape.length !== 4 || !PIXELS.includes(type)) return false;
  const channels = channelsOf(shape);
  return channels === 3 || channels === 1 || typeof channels === 'string';
}

/** Of either layout. A name if it is free. */
function channelsOf(shape: GraphTensor['shape']): number | string | undefined {
  const known = [3, 1].find((channels) => imageDims(shape, channels)[0] === channels);
  return known ?? imageDims(shape)[0];
}

/** Throws ForebayError `config_mismatch` if the graph is not an image classifier, or a flag must decide something. */
function guessConfig(face: GraphFace, name: string, hints: Hints): ConfigGuess {
  const input = onlyImageInput(face);
  const output = chosenOutput(face, hints);
  const channels = channelsOf(input.shape) === 1 ? 1 : 3;
  const layout = layoutOf(input.shape, channels);
  const facts = [
    `input   ${describeTensor(input)}`,
    `output  ${describeTensor(output)}`,
    batchFact(input),
    ...(layout === 'nhwc' ? ['layout  channels last (NHWC)'] : []),
  ];
  const guesses: string[] = [];
  const preprocess = guessPreprocess(input, channels, hints, guesses);
  const classes = classesOf(output.shape);
  const labels = fittingLabels(hints, classes, guesses);
  const activation = chooseActivation(face, output, labels !== null, hints);
  guesses.push(...activation.guesses);
  facts.push(...activation.facts);
  const config = {
    name,
    task: 'image-classification',
    preprocess,
    ...(labels === null ? {} : { labels: 'labels.txt' }),
    ...(face.outputs.length > 1 ? { output: output.name } : {}),
    activation: activation.value,
    top_k: Math.min(5, classes === 1 ? (labels?.length ?? 1) : (classes ?? 5)),
    batching: BATCHING,
  };
  return { config, facts, guesses };
}

function onlyImageInput(face: GraphFace): GraphTensor {
  const [input] = face.inputs;
  if (input === undefined || face.inputs.length !== 1 || input.shape.length !== 4) return refuse(face);
  if (!isImage(input)) {
    throw mismatch(
      `images have 3 channels, or 1, but the graph's input is ${describeTensor(input)}: use --task tensors`,
    );
  }
  return input;
}

function chosenOutput(face: GraphFace, hints: Hints): GraphTensor {
  const labels = hints.labels?.names ?? null;
  const [named, ...more] = hints.outputNames;
  if (more.length > 0) throw mismatch('an image classifier has one output: give --output-name once');
  const [first, ...others] = possibleOutputs({ output: named }, labels, face.outputs);
  if (others.length === 0) return first!;
  throw mismatch(
    `the graph has several outputs that could be class scores: ${describeAll([first!, ...others])}; say which with --output-name, such as --output-name ${first!.name}`,
  );
}

function fittingLabels(
  { labels }: Hints,
  classes: number | null,
  guesses: string[],
): readonly string[] | null {
  const count = classes ?? 'the';
  if (labels === null) {
    guesses.push(
      `labels: none; put ${count} class names into labels.txt, one per line, and add "labels": "labels.txt"`,
    );
    return null;
  }
  const { names, source } = labels;
  if (classes === null || names.length === classes || (classes === 1 && names.length === 2)) return names;
  guesses.push(`labels: none; ${source} has ${names.length} names, but the output has ${count} classes`);
  return null;
}

function refuse(face: GraphFace): never {
  throw mismatch(
    `an image classifier has one input [batch, 3, height, width] and an output [batch, classes]; this graph has inputs ${describeAll(face.inputs)} and outputs ${describeAll(face.outputs)}`,
  );
}

function mismatch(message: string): ForebayError {
  return new ForebayError('config_mismatch', message);
}

function batchFact({ shape }: GraphTensor): string {
  return typeof shape[0] === 'number'
    ? `batch   fixed at ${shape[0]}: smaller batches are filled up, larger ones are split`
    : 'batch   any size';
}
