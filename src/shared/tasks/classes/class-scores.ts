/**
 * Finds the graph output with the class scores, and checks that the graph or the config confirms the choice. In case
 * of doubt it refuses, and names the field of model.json that decides. Otherwise wrong numbers would look right. Pure.
 */
import { ForebayError } from '../../errors.ts';
import {
  classesOf,
  describeAll,
  describeTensor,
  flattened,
  isFloat,
  isNumberPerRow,
  type GraphTensor,
} from '../../models/graph-tensor.ts';
import { activationOf, type ClassesConfig } from './activation.ts';
import { mismatch, noSuchTensor, OTHER_TASK } from '../../models/mismatch.ts';
import { counted } from '../../text/counted.ts';

const NEEDS = 'a classifier needs an output [batch, classes] or [batch] of floats';

type ScoreConfig = Pick<ClassesConfig, 'activation' | 'softmax' | 'output'>;

/** Throws ForebayError `config_mismatch` if there is no such output, or if there are several and nothing decides. */
export function chooseOutput(
  config: ScoreConfig,
  labels: readonly string[] | null,
  outputs: readonly GraphTensor[],
): GraphTensor {
  const possible = possibleOutputs(config, labels, outputs);
  const [first, ...others] = possible;
  if (others.length === 0) return first!;
  throw mismatch(
    'nothing says which output holds the class scores',
    `the graph has ${describeAll(possible)}`,
    `name one in model.json, such as "output": "${first!.name}"`,
  );
}

/** Returns at least one. Throws ForebayError `config_mismatch` if there is none. */
export function possibleOutputs(
  config: Pick<ScoreConfig, 'output'>,
  labels: readonly string[] | null,
  outputs: readonly GraphTensor[],
): readonly GraphTensor[] {
  const lists = outputs.filter(canBeScores);
  const numbers = outputs.filter((output) => isFloat(output) && isNumberPerRow(output.shape));
  if (config.output !== undefined) return [namedOutput(config.output, outputs, [...lists, ...numbers])];
  // Beside a list of scores, a single number is something else, such as the best score.
  const possible = lists.length > 0 ? lists : numbers;
  if (possible.length === 0) {
    throw mismatch(NEEDS, `the graph has ${describeAll(outputs)}`, OTHER_TASK);
  }
  const fitting = labels === null ? [] : possible.filter(({ shape }) => classesOf(shape) === labels.length);
  return fitting.length === 1 ? fitting : possible;
}

/**
 * Throws ForebayError `config_mismatch` if labels and classes disagree, or if nothing says that the numbers are class
 * scores. `classes`: null while it is unknown. `sample`: one row of the output, null before a run.
 */
export function checkScores(parts: {
  readonly config: ScoreConfig;
  readonly labels: readonly string[] | null;
  readonly output: GraphTensor;
  readonly classes: number | null;
  readonly sample: Float32Array | null;
}): void {
  const { config, labels, output, classes, sample } = parts;
  if (classes === null) return;
  if (classes === 1) return checkSingleNumber(config, labels, output);
  if (labels !== null) {
    if (labels.length === classes) return;
    throw mismatch(
      `the labels file has ${counted(labels.length, 'name')}`,
      `the graph's output ${describeTensor(output)} has ${counted(classes, 'class', 'classes')}`,
      'give one name per class, in the order of the scores',
    );
  }
  if (config.activation !== undefined) return;
  if (isNamedAsOther(output)) throw unproven(output, 'its name says that it holds something else');
  if (config.softmax || isImageNet(classes) || sample === null || isDistribution(sample)) return;
  throw unproven(output, 'its numbers are not probabilities');
}

/** For an output of one number per row, which softmax would always turn into 1. */
function checkSingleNumber(config: ScoreConfig, labels: readonly string[] | null, output: GraphTensor): void {
  if (config.activation === undefined || config.activation === 'softmax') {
    const why =
      activationOf(config) === 'softmax' ? 'softmax makes every score 1' : 'nothing says what it is';
    throw refusal(
      `the graph's output ${describeTensor(output)} is one number per row, and ${why}. In model.json, set "activation": "sigmoid" if it is a logit, or "none" if it is already a score from 0 to 1. For any other number use the task "tensors", which returns outputs as they are`,
    );
  }
  const most = config.activation === 'sigmoid' ? 2 : 1;
  if (labels === null || (labels.length >= 1 && labels.length <= most)) return;
  const names = most === 2 ? 'one name, or two (a high number means the second)' : 'one name';
  throw mismatch(
    `the labels file has ${counted(labels.length, 'name')}`,
    `the graph's output ${describeTensor(output)} is one number per row`,
    `with activation "${config.activation}", give ${names}`,
  );
}

function namedOutput(
  name: string,
  outputs: readonly GraphTensor[],
  possible: readonly GraphTensor[],
): GraphTensor {
  const found = outputs.find((output) => output.name === name);
  if (found === undefined) throw noSuchTensor(`the config names the output "${name}"`, name, outputs);
  if (possible.includes(found)) return found;
  throw mismatch(NEEDS, `the graph's output is ${describeTensor(found)}`, 'name another output');
}

function canBeScores(output: GraphTensor): boolean {
  return isFloat(output) && flattened(output.shape).length === 2;
}

/** Whether it has a name that exporters give to outputs other than class scores. */
export function isNamedAsOther({ name }: GraphTensor): boolean {
  return /embed|hidden_state|pooler|pooled|feature|latent/i.test(name);
}

/** The class counts of ImageNet-1k and -21k, with and without a background class. No embedding has such a width. */
export function isImageNet(classes: number): boolean {
  return [1000, 1001, 21_841, 21_842, 21_843].includes(classes);
}

/** Largest error of the sum of a quantised or half-precision softmax over a thousand classes. */
const SUM_TOLERANCE = 0.05;

/** Whether these are scores from 0 to 1 that add up to 1, as a graph that ends in softmax returns them. */
export function isDistribution(row: Float32Array): boolean {
  let sum = 0;
  for (const value of row) {
    if (!(value >= -1e-3 && value <= 1 + 1e-3)) return false;
    sum += value;
  }
  return Math.abs(sum - 1) <= SUM_TOLERANCE;
}

function unproven(output: GraphTensor, why: string): ForebayError {
  return refusal(
    `nothing says that the output holds class scores, and ${why}: ${describeTensor(output)}. If it does hold class scores, name the classes with "labels", or set "activation" in model.json to "softmax" (logits), "sigmoid" (independent logits) or "none" (scores already). Embeddings have a task of their own, such as "image-embedding"`,
  );
}

function refusal(message: string): ForebayError {
  return new ForebayError('config_mismatch', message);
}
